#include <seplflow/confusion_matrix.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void require_classes(LabelMap const& labels, std::size_t classes, std::string_view what) {
  auto const& areas = label_areas(labels);
  for (std::size_t label = classes; label < kIgnore; ++label) {
    if (areas[label] == 0) continue;
    throw Error("the " + std::string(what) + " holds class " + std::to_string(label) +
                ", but the classes are 0.." + std::to_string(classes - 1) + " and 255 (ignore)");
  }
}

bool in_mean(ConfusionMatrix const& confusion, std::size_t k, ClassMean mean) {
  std::uint64_t const truth = confusion.true_positives(k) + confusion.false_negatives(k);
  switch (mean) {
    case ClassMean::all:
      return true;
    case ClassMean::with_union:
      return truth + confusion.false_positives(k) > 0;
    case ClassMean::with_truth:
      return truth > 0;
  }
  return false;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::size_t classes)
    : classes_(classes), counts_(classes * (classes + 1)) {}

void ConfusionMatrix::add(LabelMap const& truth, LabelMap const& predicted,
                          PredictedIgnore predicted_ignore) {
  require_same_size(truth.size(), "the ground truth", predicted.size(), "the prediction");
  // Computed before the areas, which are cheaper to count from runs.
  LabelRuns const& truth_runs = truth.runs();
  LabelRuns const& predicted_runs = predicted.runs();
  require_classes(truth, classes_, "ground truth");
  require_classes(predicted, classes_, "prediction");

  // A pair is counted at the sum of its two places; pairs that are not counted lie past the end.
  std::array<std::size_t, 256> row, column;
  for (std::size_t label = 0; label < classes_; ++label) {
    row[label] = label * (classes_ + 1);
    column[label] = label;
  }
  std::size_t const nowhere = counts_.size();
  row[kIgnore] = nowhere;
  column[kIgnore] = predicted_ignore == PredictedIgnore::miss         ? classes_
                    : predicted_ignore == PredictedIgnore::background ? kBackground
                                                                      : nowhere;
  std::uint64_t uncounted = 0;
  for_each_overlap(truth_runs, predicted_runs, [&](Label t, Label p, std::uint32_t pixels) {
    std::size_t const place = row[t] + column[p];
    (place < nowhere ? counts_[place] : uncounted) += pixels;
  });
}

std::vector<ConfusionMatrix::Pair> ConfusionMatrix::pairs() const {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) pairs.push_back({static_cast<std::uint32_t>(i), counts_[i]});
  }
  return pairs;
}

ConfusionMatrix& ConfusionMatrix::operator+=(std::vector<Pair> const& pairs) {
  for (Pair const& pair : pairs) counts_[pair.place] += pair.pixels;
  return *this;
}

std::uint64_t ConfusionMatrix::false_positives(std::size_t k) const {
  std::uint64_t sum = 0;
  for (std::size_t truth = 0; truth < classes_; ++truth) {
    if (truth != k) sum += count(truth, k);
  }
  return sum;
}

std::uint64_t ConfusionMatrix::false_negatives(std::size_t k) const {
  std::uint64_t sum = missed(k);
  for (std::size_t predicted = 0; predicted < classes_; ++predicted) {
    if (predicted != k) sum += count(k, predicted);
  }
  return sum;
}

// Most pairs of classes do not occur in an image. Writes only those that do, each with its distance
// from the previous one.
void ConfusionMatrix::write(ByteWriter& bytes) const {
  std::vector<Pair> const present = pairs();
  bytes.count(classes_).count(present.size());
  std::uint32_t last = 0;
  for (Pair const& pair : present) {
    bytes.count(pair.place - last).count(pair.pixels);
    last = pair.place;
  }
}

ConfusionMatrix ConfusionMatrix::read(ByteReader& bytes) {
  std::uint64_t const classes = bytes.count();
  if (classes > kIgnore) throw Error("a confusion matrix has at most 255 classes");
  ConfusionMatrix matrix(static_cast<std::size_t>(classes));
  std::size_t const present = bytes.length();
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < present; ++i) {
    std::uint64_t const distance = bytes.count();
    if (distance >= matrix.counts_.size() - at)
      throw Error("a count belongs to no pair of classes");
    at += distance;
    matrix.counts_[at] = bytes.count();
  }
  return matrix;
}

Scores class_scores(ConfusionMatrix const& confusion, std::size_t k) {
  std::uint64_t const tp = confusion.true_positives(k);
  std::uint64_t const fp = confusion.false_positives(k);
  std::uint64_t const fn = confusion.false_negatives(k);
  return {ratio(tp, tp + fp + fn), ratio(tp, tp + fp), ratio(tp, tp + fn)};
}

Scores mean_scores(ConfusionMatrix const& confusion, ClassMean mean) {
  double iou = 0, precision = 0, recall = 0;
  std::size_t classes = 0;
  for (std::size_t k = 0; k < confusion.classes(); ++k) {
    if (!in_mean(confusion, k, mean)) continue;
    Scores const scores = class_scores(confusion, k);
    iou += scores.iou.value_or(0);
    precision += scores.precision.value_or(0);
    recall += scores.recall.value_or(0);
    ++classes;
  }
  if (classes == 0) return {};
  auto const n = static_cast<double>(classes);
  return {iou / n, precision / n, recall / n};
}

}  // namespace seplflow
