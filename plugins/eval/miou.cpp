#include "miou.hpp"

#include <array>

#include "base/number_text.hpp"
#include "common/image_level_rule.hpp"
#include "common/scoring.hpp"
#include "stages.hpp"

namespace seplflow::eval {
namespace {

std::pair<PredictedIgnore, ClassMean> settings_of(Convention convention) {
  switch (convention) {
    case Convention::seam:
      return {PredictedIgnore::miss, ClassMean::all};
    case Convention::irn:
      return {PredictedIgnore::background, ClassMean::with_union};
    case Convention::sipe:
    case Convention::eps:
      return {PredictedIgnore::drop, ClassMean::with_union};
    case Convention::deeplab:
      return {PredictedIgnore::drop, ClassMean::with_truth};
    case Convention::recurseed:
      return {PredictedIgnore::miss, ClassMean::with_union};
  }
  return {};
}

auto const kConventions = choices<Convention>({{"seam", Convention::seam},
                                               {"irn", Convention::irn},
                                               {"sipe", Convention::sipe},
                                               {"deeplab", Convention::deeplab},
                                               {"eps", Convention::eps},
                                               {"recurseed", Convention::recurseed}});

using ScoreOf = std::optional<double> Scores::*;
constexpr std::array<std::pair<char const*, ScoreOf>, 3> kScores = {
    {{"miou", &Scores::iou}, {"precision", &Scores::precision}, {"recall", &Scores::recall}}};

std::optional<double> difference(std::optional<double> after, std::optional<double> before) {
  if (!after || !before) return std::nullopt;
  return *after - *before;
}

void add_scores(Metrics& metrics, Scores const& scores) {
  for (auto const& [name, score] : kScores) metrics.set(name, Metrics::maybe(scores.*score));
}

// The pixels of each true class by what was predicted, without pairs that do not occur: with many
// classes these are nearly all.
Metrics::List confusion_list(ConfusionMatrix const& confusion, Classes const& classes) {
  Metrics::List list;
  for (std::size_t truth = 0; truth < confusion.classes(); ++truth) {
    Metrics predicted;
    for (std::size_t k = 0; k < confusion.classes(); ++k) {
      auto const pixels = static_cast<std::int64_t>(confusion.count(truth, k));
      if (pixels > 0) predicted.set(std::to_string(k), pixels);
    }
    auto const missed = static_cast<std::int64_t>(confusion.missed(truth));
    if (missed > 0) predicted.set(std::to_string(kIgnore), missed);
    if (predicted.empty()) continue;
    list.emplace_back()
        .set("id", static_cast<std::int64_t>(truth))
        .set("name", classes.names()[truth])
        .set("predicted", std::move(predicted));
  }
  return list;
}

std::string percent(std::optional<double> fraction, bool sign = false) {
  return fraction ? seplflow::percent(*fraction, sign) : "-";
}

// The pixels that are 255 in the prediction and have a class in the ground truth.
std::uint64_t count_predicted_255(LabelMap const& truth, LabelMap const& labels) {
  if (label_areas(labels)[kIgnore] == 0) return 0;
  std::uint64_t count = 0;
  for_each_overlap(truth.runs(), labels.runs(), [&](Label t, Label p, std::uint32_t pixels) {
    if (p == kIgnore && t != kIgnore) count += pixels;
  });
  return count;
}

std::vector<Label> labels_of(LabelMap const& truth) {
  auto const& areas = label_areas(truth);
  std::vector<Label> labels;
  for (std::size_t label = 0; label < areas.size(); ++label) {
    if (areas[label] > 0) labels.push_back(static_cast<Label>(label));
  }
  return labels;
}

void warn_of_denied_truth(SampleContext const& context, std::vector<Label> const& shown,
                          ImageLabels const& image_labels) {
  auto const denied = denied_classes(shown, image_labels);
  if (!denied.empty()) {
    warn_of_denied(context, denied, shown, image_labels, "the ground truth shows");
  }
}

}  // namespace

void Miou::check(OptionCheck& check) {
  has_baseline_ = check.connected("baseline");
  if (!convention) return;
  auto const [its_predicted_255, its_mean] = settings_of(*convention);
  auto const refuse = [&](char const* option, std::string const& value) {
    check.refuse(option, "the convention sets " + std::string(option) + " = \"" + value +
                             "\"; remove one of the two");
  };
  if (check.given("predicted_255") && predicted_255 != its_predicted_255) {
    refuse("predicted_255", kPredictedIgnore.text_of(its_predicted_255));
  }
  if (check.given("mean") && mean != its_mean) refuse("mean", kClassMean.text_of(its_mean));
  predicted_255 = its_predicted_255;
  mean = its_mean;
}

Miou::Record Miou::operator()(SampleContext const& context, LabelMap const& truth,
                              LabelMap const& labels, LabelMap const* baseline,
                              ImageLabels const* image_labels) const {
  ClassesPtr const& classes = context.sample().classes;
  if (!classes) throw Error("the data set does not name its classes, so nothing can be scored");
  Record record{scored_labels(truth, labels, classes->count()), std::nullopt};
  if (baseline) record.baseline = scored_baseline(truth, *baseline, classes->count());
  record.truth_labels = labels_of(truth);
  record.truth_pixels = truth.size().pixels();
  record.truth_255 = label_areas(truth)[kIgnore];
  if (image_labels) warn_of_denied_truth(context, record.truth_labels, *image_labels);
  return record;
}

Miou::Scored Miou::scored(LabelMap const& truth, LabelMap const& predicted,
                          std::size_t classes) const {
  ConfusionMatrix counts(classes);
  counts.add(truth, predicted, predicted_255);
  return scored(std::move(counts), count_predicted_255(truth, predicted));
}

// In a sweep, the labels of an image are mostly those of another variant. So the last ones of each
// thread are remembered, and only pixels that differ from them are counted.
Miou::Scored Miou::scored_labels(LabelMap const& truth, LabelMap const& labels,
                                 std::size_t classes) const {
  struct Last {
    LabelMap truth, labels;
    PredictedIgnore predicted_255;
    ConfusionMatrix confusion;
  };
  thread_local std::optional<Last> last;
  bool const is_same_truth = last && last->confusion.classes() == classes &&
                             last->predicted_255 == predicted_255 && last->truth == truth;
  if (is_same_truth) {
    last->confusion.replace(truth, last->labels, labels, predicted_255);
    last->labels = labels;
  } else {
    ConfusionMatrix confusion(classes);
    confusion.add(truth, labels, predicted_255);
    last.emplace(Last{truth, labels, predicted_255, std::move(confusion)});
  }
  return scored(last->confusion, count_predicted_255(truth, labels));
}

// In a sweep, variants with other labels have the same baseline. So the last one of each thread is
// remembered; maps are compared by their content, which is fast where they share it.
Miou::Scored Miou::scored_baseline(LabelMap const& truth, LabelMap const& baseline,
                                   std::size_t classes) const {
  struct Last {
    LabelMap truth, baseline;
    PredictedIgnore predicted_255;
    ClassMean mean;
    Scored scored;
  };
  thread_local std::optional<Last> last;
  bool const is_last = last && last->scored.confusion.classes() == classes &&
                       last->predicted_255 == predicted_255 && last->mean == mean &&
                       last->truth == truth && last->baseline == baseline;
  if (!is_last) {
    last.emplace(Last{truth, baseline, predicted_255, mean, scored(truth, baseline, classes)});
  }
  return last->scored;
}

Miou::Scored Miou::scored(ConfusionMatrix confusion, std::uint64_t pixels_255) const {
  Scores const scores = mean_scores(confusion, mean);
  auto pairs = confusion.pairs();
  return {std::move(confusion), std::move(pairs), scores, pixels_255};
}

std::string Miou::save(Record const& record) const {
  ByteWriter bytes;
  record.labels.confusion.write(bytes);
  bytes.count(record.labels.predicted_255).count(record.baseline ? 1 : 0);
  if (record.baseline) {
    record.baseline->confusion.write(bytes);
    bytes.count(record.baseline->predicted_255);
  }
  bytes.count(record.truth_pixels).count(record.truth_255).count(record.truth_labels.size());
  for (Label const label : record.truth_labels) bytes.count(label);
  return bytes.take();
}

Miou::Record Miou::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  auto const next = [&] {
    ConfusionMatrix confusion = ConfusionMatrix::read(reader);
    return scored(std::move(confusion), reader.count());
  };
  Record record{next(), std::nullopt};
  if (reader.count() != 0) record.baseline = next();
  record.truth_pixels = reader.count();
  record.truth_255 = reader.count();
  for (std::uint64_t left = reader.count(); left > 0; --left) {
    record.truth_labels.push_back(static_cast<Label>(reader.count()));
  }
  reader.end();
  return record;
}

void Miou::ImageMean::add(Scores const& scores) {
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    ScoreOf const score = kScores[i].second;
    if (!(scores.*score)) continue;
    *(sum.*score) += *(scores.*score);
    ++images[i];
  }
}

Scores Miou::ImageMean::value() const {
  Scores value;
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    ScoreOf const score = kScores[i].second;
    if (images[i] > 0) value.*score = *(sum.*score) / static_cast<double>(images[i]);
  }
  return value;
}

void Miou::Side::add(Scored const& image) {
  if (!total) total.emplace(image.confusion.classes());
  *total += image.pairs;
  for (auto const& pair : image.pairs) pixels += pair.pixels;
  predicted_255 += image.predicted_255;
  ++images;
  image_mean.add(image.scores);
}

std::optional<double> Miou::Side::share_of_255(PredictedIgnore predicted) const {
  std::uint64_t const dropped = predicted == PredictedIgnore::drop ? predicted_255 : 0;
  if (pixels + dropped == 0) return std::nullopt;
  return static_cast<double>(predicted_255) / static_cast<double>(pixels + dropped);
}

Scores Miou::Side::scores(ClassMean over) const {
  return total ? mean_scores(*total, over) : Scores();
}

Metrics Miou::Side::metrics(ClassesPtr const& classes, ClassMean over) const {
  Metrics metrics;
  metrics.set("images", static_cast<std::int64_t>(images));
  add_scores(metrics, scores(over));
  Metrics::List list;
  for (std::size_t k = 0; total && k < total->classes(); ++k) {
    Scores const scores = class_scores(*total, k);
    list.emplace_back()
        .set("id", static_cast<std::int64_t>(k))
        .set("name", classes->names()[k])
        .set("iou", Metrics::maybe(scores.iou))
        .set("precision", Metrics::maybe(scores.precision))
        .set("recall", Metrics::maybe(scores.recall))
        .set("tp", static_cast<std::int64_t>(total->true_positives(k)))
        .set("fp", static_cast<std::int64_t>(total->false_positives(k)))
        .set("fn", static_cast<std::int64_t>(total->false_negatives(k)));
  }
  metrics.set("classes", std::move(list));
  metrics.set("confusion", total ? confusion_list(*total, *classes) : Metrics::List());
  Metrics per_image;
  add_scores(per_image, image_mean.value());
  metrics.set("image_mean", std::move(per_image));
  return metrics;
}

Row Miou::fold(Sample const& sample, Record const& record) {
  if (!classes_) classes_ = sample.classes;
  if (classes_ != sample.classes && classes_->names() != sample.classes->names()) {
    throw Error("its classes differ from those of the samples before it");
  }
  labels_.add(record.labels);
  if (record.baseline) baseline_.add(*record.baseline);
  shown_.add(record);

  Row row;
  row.reserve(1 + kScores.size() * (record.baseline ? 3 : 1));
  row.emplace_back(sample.id);
  auto const add = [&row](std::optional<double> value) { row.emplace_back(value); };
  Scores const& after = record.labels.scores;
  for (auto const& [name, score] : kScores) add(after.*score);
  if (record.baseline) {
    Scores const& before = record.baseline->scores;
    for (auto const& [name, score] : kScores) add(before.*score);
    for (auto const& [name, score] : kScores) add(difference(after.*score, before.*score));
  }
  return row;
}

std::vector<std::string> Miou::columns() const {
  std::vector<std::string> columns = {"name", "miou", "precision", "recall"};
  if (has_baseline_) {
    for (char const* prefix : {"baseline_", "gain_"}) {
      for (auto const& [name, score] : kScores) columns.push_back(std::string(prefix) + name);
    }
  }
  return columns;
}

void Miou::Shown::add(Record const& record) {
  for (Label const label : record.truth_labels) labels[label] = true;
  pixels += record.truth_pixels;
  ignored += record.truth_255;
}

// Two classes are often stored as 0 and 255, which would leave nothing but background to score.
void Miou::require_shown_class() const {
  constexpr std::size_t kTwoClasses = 2;
  if (!classes_ || shown_.ignored == 0) return;
  for (std::size_t label = 1; label < classes_->count(); ++label) {
    if (shown_.labels[label]) return;
  }
  bool const is_one_class = classes_->count() == kTwoClasses;
  if (!is_one_class && !shown_.labels[kBackground]) return;  // all pixels are to be ignored
  double const share = static_cast<double>(shown_.ignored) / static_cast<double>(shown_.pixels);
  throw Error(
      "the ground truth has no pixel of any class but background, and " +
      seplflow::percent(share) + " % of its pixels are 255, which means ignore; if 255 is " +
      (is_one_class ? "the class \"" + classes_->names()[1] + "\", set relabel = [\"255=1\"]"
                    : "one of the classes, set relabel = [\"255=ID\"]") +
      " on the data set; if it does mean ignore, there is nothing to score in these samples");
}

// Empty if the ground truth shows every class.
std::string Miou::never_shown() const {
  constexpr std::size_t kNamed = 5;
  std::size_t const foreground = classes_ ? classes_->count() - 1 : 0;
  std::size_t missing = 0;
  std::string names;
  for (std::size_t label = 1; label <= foreground; ++label) {
    if (shown_.labels[label]) continue;
    if (++missing <= kNamed) names += (names.empty() ? "" : ", ") + classes_->names()[label];
  }
  if (missing == 0) return "";
  if (missing > kNamed) names += " and " + std::to_string(missing - kNamed) + " more";
  return "the ground truth of " + counted(labels_.images, "sample") + " never shows " +
         std::to_string(missing) + " of " + std::to_string(foreground) +
         (foreground == 1 ? " class: " : " classes: ") + names;
}

// Scores are comparable only under the same conditions.
std::string Miou::conditions() const {
  return (convention ? "convention " + kConventions.text_of(*convention) + ", " : "") +
         "mean over classes: " + kClassMean.text_of(mean) +
         "; 255 in the labels: " + kPredictedIgnore.text_of(predicted_255);
}

std::string Miou::text_of_255() const {
  std::string text = percent(labels_.share_of_255(predicted_255)) + " % of the pixels";
  if (baseline_.predicted_255 > 0) {
    text += ", before " + percent(baseline_.share_of_255(predicted_255)) + " %";
  }
  return text;
}

Findings Miou::finish() const {
  require_shown_class();
  Findings findings;
  if (auto warning = never_shown(); !warning.empty()) {
    findings.warnings.push_back(std::move(warning));
  }
  Scores const after = labels_.scores(mean), before = baseline_.scores(mean);
  Metrics& metrics = findings.metrics;
  metrics = labels_.metrics(classes_, mean);
  findings.conditions = conditions();
  findings.remark = "255 in the labels: " + text_of_255();
  SummaryTable table;
  table.title = "percent over " + std::to_string(labels_.images) + " images (" +
                findings.conditions + ", " + text_of_255() + ")";
  table.columns = has_baseline_ ? std::vector<std::string>{"", "before", "after", "gain"}
                                : std::vector<std::string>{"", ""};
  constexpr std::array<char const*, 3> kLabels = {"mIoU", "precision", "recall"};
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    ScoreOf const score = kScores[i].second;
    if (has_baseline_) {
      table.rows.push_back({kLabels[i], percent(before.*score), percent(after.*score),
                            percent(difference(after.*score, before.*score), true)});
    } else {
      table.rows.push_back({kLabels[i], percent(after.*score)});
    }
  }
  if (has_baseline_) {
    metrics.set("baseline", baseline_.metrics(classes_, mean));
    Metrics gain;
    for (auto const& [name, score] : kScores) {
      gain.set(name, Metrics::maybe(difference(after.*score, before.*score)));
    }
    metrics.set("gain", std::move(gain));
  }
  findings.summary.push_back(std::move(table));
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    auto const& [name, score] = kScores[i];
    if (!(after.*score)) continue;
    findings.scores.push_back({.name = kLabels[i],
                               .value = *(after.*score),
                               .baseline = before.*score,
                               .metric = name,
                               .minimum = 0.0,
                               .maximum = 1.0});
  }
  return findings;
}

void declare_miou(Plugin& plugin) {
  plugin
      .stage<Miou>("eval.miou",
                   "Scores labels against the ground truth: mIoU, precision and recall")
      .inputs("truth", "labels", "baseline", "image_labels")
      .by_default("image_labels")
      .option("convention", &Miou::convention,
              "follow a published evaluator; sets predicted_255 and mean", kConventions)
      .option("predicted_255", &Miou::predicted_255, kPredictedIgnoreHelp, kPredictedIgnore)
      .option("mean", &Miou::mean, kClassMeanHelp, kClassMean)
      .details(
          "Counts are accumulated over the whole data set in 64-bit integers. Background is a "
          "class. Pixels whose ground truth is 255 are not counted. With a `baseline`, the same "
          "scores are computed for it, and the gain. Published evaluators differ in two ways that "
          "change results by tens of points; `convention` sets both:\n\n"
          "| `convention` | Used by | `predicted_255` | `mean` |\n"
          "|---|---|---|---|\n"
          "| `seam` | SEAM, TransCAM, PPC, PuzzleCAM | miss | all |\n"
          "| `irn` | IRN, CLIMS, RIB | background | union |\n"
          "| `sipe`, `eps` | SIPE; EPS, L2G | drop | union |\n"
          "| `deeplab` | deeplab-pytorch, CLIP-ES | drop (theirs is undefined; this is our choice) "
          "| truth |\n"
          "| `recurseed` | RecurSeed | miss | union |\n\n"
          "The default is miss and union. With it, a prediction gains nothing by leaving pixels "
          "undecided, as it would if they were dropped, and a class that occurs in neither ground "
          "truth nor prediction of a partial data set costs nothing, as it would in a mean over "
          "all. The summary names the convention and the share of 255 in the labels. A score of "
          "0/0 is null; it counts as 0 in a mean that includes its class.\n\n"
          "With the input `image_labels`, ground truth with a class that the image-level labels "
          "exclude causes a warning: it may belong to another data set, or count its classes "
          "otherwise. Another warning names the classes that no ground truth shows. If the ground "
          "truth shows only background and 255, the run fails, because a class was probably "
          "stored as 255; `relabel` of the data set reads it. A shard only warns.\n\n"
          "`metrics.json` holds counts and scores per class, their means, the confusion matrix, "
          "the convention in words (`conditions`), the share of 255 (`remark`), and `image_mean`: the "
          "same means computed for each image and averaged over the images that have a value. "
          "`STAGE.csv` has a row for each image, and `STAGE.classes.csv` one for each class; a "
          "score without a value is an empty cell.\n\n"
          "In the confusion matrix (`confusion`), each true class has an entry with its `id`, its "
          "`name` and the pixels that were `predicted` as each class id. `255` holds the predicted "
          "255 that count as misses. Pairs of classes without pixels are left out, so that the "
          "file stays small with hundreds of classes. With a baseline, `baseline` has its own.");
}

}  // namespace seplflow::eval
