#include <seplflow/confusion_matrix.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
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

struct ClassCounts {
  std::uint64_t true_positives = 0, false_positives = 0, false_negatives = 0;

  Scores scores() const {
    std::uint64_t const predicted = true_positives + false_positives;
    std::uint64_t const truth = true_positives + false_negatives;
    return {ratio(true_positives, predicted + false_negatives), ratio(true_positives, predicted),
            ratio(true_positives, truth)};
  }
};

// Of all classes, from the few pairs that occur.
std::vector<ClassCounts> counts_by_class(ConfusionMatrix const& confusion) {
  std::vector<ClassCounts> counts(confusion.classes());
  for (auto const& [place, pixels] : confusion.pairs()) {
    std::size_t const truth = place / (counts.size() + 1), predicted = place % (counts.size() + 1);
    if (truth == predicted) {
      counts[truth].true_positives += pixels;
      continue;
    }
    counts[truth].false_negatives += pixels;
    if (predicted < counts.size()) counts[predicted].false_positives += pixels;
  }
  return counts;
}

bool in_mean(ClassCounts const& counts, ClassMean mean) {
  std::uint64_t const truth = counts.true_positives + counts.false_negatives;
  switch (mean) {
    case ClassMean::all:
      return true;
    case ClassMean::with_union:
      return truth + counts.false_positives > 0;
    case ClassMean::with_truth:
      return truth > 0;
  }
  return false;
}

// The places of the pairs of a true and a predicted label, as sums of two numbers. Pairs that are not
// counted lie past the end.
struct Places {
  std::array<std::size_t, 256> row, column;
  std::size_t nowhere;

  Places(std::size_t classes, PredictedIgnore predicted_ignore)
      : nowhere(classes * (classes + 1)) {
    for (std::size_t label = 0; label < classes; ++label) {
      row[label] = label * (classes + 1);
      column[label] = label;
    }
    row[kIgnore] = nowhere;
    column[kIgnore] = predicted_ignore == PredictedIgnore::miss         ? classes
                      : predicted_ignore == PredictedIgnore::background ? kBackground
                                                                        : nowhere;
  }
};

// Whether this many runs are the same in both. As words without the padding, since a comparison of
// members takes twice as many instructions.
constexpr std::ptrdiff_t kComparedAtOnce = 8;
bool are_equal(Run const* a, Run const* b) {
  static_assert(sizeof(Run) == sizeof(std::uint64_t) && offsetof(Run, value) == 4);
  constexpr std::uint64_t kMembers = std::endian::native == std::endian::little
                                         ? ~std::uint64_t{0} >> 24
                                         : ~std::uint64_t{0} << 24;
  auto const bits_of = [](Run const& run) {
    std::uint64_t bits;
    std::memcpy(&bits, &run, sizeof bits);
    return bits;
  };
  std::uint64_t difference = 0;
  for (std::ptrdiff_t i = 0; i < kComparedAtOnce; ++i) difference |= bits_of(a[i]) ^ bits_of(b[i]);
  return (difference & kMembers) == 0;
}

// Calls f(value of a, value of b, begin, end) for each sequence of pixels on which neither changes and
// both differ.
template <class F>
void for_each_difference(LabelRuns const& a, LabelRuns const& b, F&& f) {
  Run const* left = a.runs().data();
  Run const* right = b.runs().data();
  Run const* left_end = left + a.runs().size();
  Run const* right_end = right + b.runs().size();
  // Mostly they differ in one part of the image, so the runs before and after it are skipped quickly.
  while (left_end - left > kComparedAtOnce && right_end - right > kComparedAtOnce &&
         are_equal(left, right)) {
    left += kComparedAtOnce;
    right += kComparedAtOnce;
  }
  while (left_end - left > kComparedAtOnce && right_end - right > kComparedAtOnce &&
         are_equal(left_end - kComparedAtOnce, right_end - kComparedAtOnce)) {
    left_end -= kComparedAtOnce;
    right_end -= kComparedAtOnce;
  }
  std::uint32_t begin = left == a.runs().data() ? 0 : left[-1].end;
  for (std::uint32_t const last = std::max(left_end[-1].end, right_end[-1].end); begin < last;) {
    std::uint32_t const end = std::min(left->end, right->end);
    if (left->value != right->value) f(left->value, right->value, begin, end);
    left += left->end == end ? 1 : 0;
    right += right->end == end ? 1 : 0;
    begin = end;
  }
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

  Places const places(classes_, predicted_ignore);
  std::uint64_t uncounted = 0;
  for_each_overlap(truth_runs, predicted_runs, [&](Label t, Label p, std::uint32_t pixels) {
    std::size_t const place = places.row[t] + places.column[p];
    (place < places.nowhere ? counts_[place] : uncounted) += pixels;
  });
}

void ConfusionMatrix::replace(LabelMap const& truth, LabelMap const& before, LabelMap const& now,
                              PredictedIgnore predicted_ignore) {
  require_same_size(truth.size(), "the ground truth", now.size(), "the prediction");
  LabelRuns const& truth_runs = truth.runs();
  LabelRuns const& now_runs = now.runs();
  require_classes(now, classes_, "prediction");
  Places const places(classes_, predicted_ignore);
  std::uint64_t uncounted = 0;
  auto const at = [&](Label t, Label p) -> std::uint64_t& {
    std::size_t const place = places.row[t] + places.column[p];
    return place < places.nowhere ? counts_[place] : uncounted;
  };
  std::span<Run const> const runs = truth_runs.runs();
  std::size_t run = 0;
  for_each_difference(before.runs(), now_runs,
                      [&](Label b, Label n, std::uint32_t begin, std::uint32_t end) {
                        if (begin > runs[run].end + truth.size().height) {
                          run = truth_runs.run_at(begin, run);
                        }
                        while (runs[run].end <= begin) ++run;
                        while (begin < end) {
                          std::uint32_t const stop = std::min(end, runs[run].end);
                          at(runs[run].value, b) -= stop - begin;
                          at(runs[run].value, n) += stop - begin;
                          begin = stop;
                          if (begin < end) ++run;
                        }
                      });
}

std::vector<ConfusionMatrix::Pair> ConfusionMatrix::pairs() const {
  std::vector<Pair> pairs;
  pairs.reserve(16);
  constexpr std::size_t kBlock = 8;  // nearly all blocks are zeros
  std::uint64_t const* const counts = counts_.data();
  std::size_t const size = counts_.size();
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    std::uint64_t const* const block = counts + begin;
    if (begin + kBlock <= size && (block[0] | block[1] | block[2] | block[3] | block[4] | block[5] |
                                   block[6] | block[7]) == 0) {
      continue;
    }
    for (std::size_t i = begin; i < std::min(begin + kBlock, size); ++i) {
      if (counts[i] > 0) pairs.push_back({static_cast<std::uint32_t>(i), counts[i]});
    }
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
  return ClassCounts{confusion.true_positives(k), confusion.false_positives(k),
                     confusion.false_negatives(k)}
      .scores();
}

Scores mean_scores(ConfusionMatrix const& confusion, ClassMean mean) {
  double iou = 0, precision = 0, recall = 0;
  std::size_t classes = 0;
  for (ClassCounts const& counts : counts_by_class(confusion)) {
    if (!in_mean(counts, mean)) continue;
    Scores const scores = counts.scores();
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
