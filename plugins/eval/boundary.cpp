#include "boundary.hpp"

#include <algorithm>

#include "base/number_text.hpp"
#include "stages.hpp"

namespace seplflow::eval {
namespace {

using Values = std::vector<std::optional<double>>;
using Pairs = std::vector<ConfusionMatrix::Pair>;

std::optional<double> mean_over(std::map<Label, BoundaryCounts> const& classes,
                                std::optional<double> (BoundaryCounts::*score)() const) {
  double sum = 0;
  std::uint64_t count = 0;
  for (auto const& [label, counts] : classes) {
    auto const value = (counts.*score)();
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

Values boundary_values(std::map<Label, BoundaryCounts> const& classes,
                       std::vector<ConfusionMatrix> const& bands) {
  Values values = {mean_over(classes, &BoundaryCounts::iou),
                   mean_over(classes, &BoundaryCounts::f)};
  for (ConfusionMatrix const& band : bands) {
    values.push_back(mean_scores(band, ClassMean::with_union).iou);
  }
  return values;
}

ConfusionMatrix matrix_of(Pairs const& pairs, std::uint64_t classes) {
  ConfusionMatrix matrix(static_cast<std::size_t>(classes));
  matrix += pairs;
  return matrix;
}

void write(ByteWriter& bytes, ImageCounts const& image, std::uint64_t classes) {
  bytes.count(image.classes.size());
  for (auto const& [label, counts] : image.classes) {
    bytes.count(label).count(counts.truth_region).count(counts.labels_region);
    bytes.count(counts.both_regions).count(counts.truth_contour).count(counts.truth_matched);
    bytes.count(counts.labels_contour).count(counts.labels_matched);
  }
  for (Pairs const& pairs : image.bands) matrix_of(pairs, classes).write(bytes);
}

ImageCounts read(ByteReader& bytes, std::size_t bands) {
  ImageCounts image;
  for (std::size_t left = bytes.length(); left > 0; --left) {
    BoundaryCounts& counts = image.classes[static_cast<Label>(bytes.count())];
    counts.truth_region = bytes.count();
    counts.labels_region = bytes.count();
    counts.both_regions = bytes.count();
    counts.truth_contour = bytes.count();
    counts.truth_matched = bytes.count();
    counts.labels_contour = bytes.count();
    counts.labels_matched = bytes.count();
  }
  for (std::size_t b = 0; b < bands; ++b) {
    image.bands.push_back(ConfusionMatrix::read(bytes).pairs());
  }
  return image;
}

std::optional<double> gain_of(std::optional<double> after, std::optional<double> before) {
  if (!after || !before) return std::nullopt;
  return *after - *before;
}

std::string in_percent(std::optional<double> fraction, bool sign = false) {
  return fraction ? seplflow::percent(*fraction, sign) : "-";
}

}  // namespace

void Boundary::check(OptionCheck& check) {
  has_baseline_ = check.connected("baseline");
  bool const ascends =
      std::ranges::adjacent_find(bands, std::ranges::greater_equal()) == bands.end();
  if (!ascends) check.refuse("bands", "each band must be wider than the one before it");
}

Boundary::Record Boundary::operator()(SampleContext const& context, LabelMap const& truth,
                                      LabelMap const& labels, LabelMap const* baseline) const {
  ClassesPtr const& classes = context.sample().classes;
  if (!classes) throw Error("the data set does not name its classes, so nothing can be scored");
  require_labels_in(*classes, truth, "ground truth");
  require_labels_in(*classes, labels, "prediction");
  BoundaryTruth const boundary(truth, classes->count(), *this);
  Record record{classes->count(), boundary.compare(labels), std::nullopt};
  if (baseline) {
    require_labels_in(*classes, *baseline, "baseline");
    record.baseline = boundary.compare(*baseline);
  }
  return record;
}

std::string Boundary::save(Record const& record) const {
  ByteWriter bytes;
  bytes.count(record.classes).count(record.baseline ? 1 : 0);
  write(bytes, record.labels, record.classes);
  if (record.baseline) write(bytes, *record.baseline, record.classes);
  return bytes.take();
}

Boundary::Record Boundary::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  Record record;
  record.classes = reader.count();
  bool const has_baseline = reader.count() != 0;
  record.labels = read(reader, bands.size());
  if (has_baseline) record.baseline = read(reader, bands.size());
  reader.end();
  return record;
}

std::vector<std::string> Boundary::names() const {
  std::vector<std::string> names = {"boundary_iou", "boundary_f"};
  for (std::int64_t const band : bands) names.push_back("trimap_" + std::to_string(band));
  return names;
}

std::vector<std::string> Boundary::columns() const {
  std::vector<std::string> columns = {"name"};
  for (std::string const prefix : {"", "baseline_", "gain_"}) {
    for (std::string const& name : names()) columns.push_back(prefix + name);
    if (!has_baseline_) break;
  }
  return columns;
}

Boundary::Values Boundary::values_of(ImageCounts const& image, std::uint64_t classes) const {
  std::vector<ConfusionMatrix> matrices;
  for (Pairs const& pairs : image.bands) matrices.push_back(matrix_of(pairs, classes));
  return boundary_values(image.classes, matrices);
}

Boundary::Values Boundary::values_of(Side const& side) const {
  Values values = boundary_values(side.classes, side.bands);
  values.resize(names().size());
  return values;
}

void Boundary::Side::add(ImageCounts const& image, Values const& values, std::uint64_t count) {
  for (auto const& [label, counts] : image.classes) classes[label] += counts;
  bands.resize(image.bands.size(), ConfusionMatrix(static_cast<std::size_t>(count)));
  for (std::size_t b = 0; b < bands.size(); ++b) bands[b] += image.bands[b];
  sums.resize(values.size());
  images_with.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[i] += values[i].value_or(0);
    images_with[i] += values[i] ? 1 : 0;
  }
}

Row Boundary::fold(Sample const& sample, Record const& record) {
  if (!classes_) classes_ = sample.classes;
  if (classes_->names() != sample.classes->names()) {
    throw Error("its classes differ from those of the samples before it");
  }
  ++images_;
  Values const after = values_of(record.labels, record.classes);
  labels_.add(record.labels, after, record.classes);
  Row row = {sample.id};
  row.insert(row.end(), after.begin(), after.end());
  if (!record.baseline) return row;
  Values const before = values_of(*record.baseline, record.classes);
  baseline_.add(*record.baseline, before, record.classes);
  row.insert(row.end(), before.begin(), before.end());
  for (std::size_t i = 0; i < after.size(); ++i) row.push_back(gain_of(after[i], before[i]));
  return row;
}

Metrics Boundary::metrics_of(Side const& side) const {
  auto const all = names();
  Metrics metrics, means;
  metrics.set("images", images_);
  Values const values = values_of(side);
  for (std::size_t i = 0; i < all.size(); ++i) {
    metrics.set(all[i], Metrics::maybe(values[i]));
    bool const any = i < side.sums.size() && side.images_with[i] > 0;
    means.set(all[i], any ? Metrics::Value(side.sums[i] / static_cast<double>(side.images_with[i]))
                          : Metrics::Value(nullptr));
  }
  Metrics::List list;
  for (std::size_t k = 0; classes_ && k < classes_->count(); ++k) {
    auto const found = side.classes.find(static_cast<Label>(k));
    BoundaryCounts const counts = found == side.classes.end() ? BoundaryCounts() : found->second;
    list.push_back(Metrics()
                       .set("id", k)
                       .set("name", classes_->names()[k])
                       .set("boundary_iou", Metrics::maybe(counts.iou()))
                       .set("boundary_f", Metrics::maybe(counts.f()))
                       .set("boundary_precision", Metrics::maybe(counts.precision()))
                       .set("boundary_recall", Metrics::maybe(counts.recall())));
  }
  metrics.set("classes", std::move(list)).set("image_mean", std::move(means));
  return metrics;
}

Findings Boundary::finish() const {
  auto const all = names();
  Values const after = values_of(labels_), before = values_of(baseline_);
  Findings findings;
  findings.metrics = metrics_of(labels_);
  SummaryTable table;
  table.title = "percent near boundaries over " + counted(images_, "image");
  table.columns = has_baseline_ ? std::vector<std::string>{"", "before", "after", "gain"}
                                : std::vector<std::string>{"", ""};
  Metrics gains;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const gain = gain_of(after[i], before[i]);
    gains.set(all[i], Metrics::maybe(gain));
    if (has_baseline_) {
      table.rows.push_back(
          {all[i], in_percent(before[i]), in_percent(after[i]), in_percent(gain, true)});
    } else {
      table.rows.push_back({all[i], in_percent(after[i])});
    }
    if (!after[i]) continue;
    findings.scores.push_back({.name = all[i],
                               .value = *after[i],
                               .baseline = has_baseline_ ? before[i] : std::nullopt,
                               .metric = all[i],
                               .minimum = 0.0,
                               .maximum = 1.0});
  }
  if (has_baseline_) {
    findings.metrics.set("baseline", metrics_of(baseline_)).set("gain", std::move(gains));
  }
  findings.conditions = "dilation_ratio " + shortest(dilation_ratio) + ", tolerance " +
                        shortest(tolerance) + " of the diagonal";
  findings.summary.push_back(std::move(table));
  return findings;
}

void declare_boundary(Plugin& plugin) {
  plugin
      .stage<Boundary>("eval.boundary",
                       "Scores labels near boundaries: boundary IoU, boundary F-score, and mIoU in "
                       "bands along the boundaries")
      .inputs("truth", "labels", "baseline")
      .option("dilation_ratio", &Boundary::dilation_ratio,
              "width of the regions of boundary IoU, as a share of the image's diagonal",
              in_range(0, 1))
      .option("tolerance", &Boundary::tolerance,
              "how far contours may be apart to match, as a share of the image's diagonal",
              in_range(0, 1))
      .option("bands", &Boundary::bands,
              "for each of these distances, mIoU over the pixels that are at most so far from a "
              "boundary of the ground truth",
              in_range(1, 100000), unit("pixels"))
      .details(
          "All three scores are means over classes, with background as a class. They come from "
          "counts over the whole data set, as in `eval.miou`; a class without pixels to count is "
          "left out of the mean. With a `baseline`, the same scores are computed for it, and the "
          "gain.\n\n"
          "**Ignored pixels.** Where the ground truth is 255, pixels are taken out of the ground "
          "truth and out of the labels before anything else, so they belong to no class in either. "
          "So labels that equal the ground truth everywhere else have a score of 1, and what they "
          "have at ignored pixels changes nothing. A predicted 255 elsewhere belongs to no class; "
          "in the bands it is a miss of the true class.\n\n"
          "**Boundary IoU** (Cheng, Girshick, Dollar, Berg, Kirillov, 2021). The region of a class "
          "are its pixels that have a pixel outside of the class at most d rows and d columns "
          "away; beyond the edge of the image everything is outside. d is `dilation_ratio` times "
          "the diagonal, rounded to the nearest integer and halves to the even one, and at least "
          "1. The score of a class is the IoU of its regions in ground truth and labels. This is "
          "what the published code computes for a mask with 3 x 3 erosions of the padded image.\n\n"
          "**Boundary F** (the contour accuracy of DAVIS, Perazzi et al., 2016). The contour of a "
          "class are the pixels that are in the class while the pixel to the right, below, or "
          "below to the right is not, or the other way round. A pixel of a contour matches if the "
          "other contour has a pixel within a disc whose radius is `tolerance` times the diagonal, "
          "rounded up. Precision is the share of the labels' contour that matches, recall that of "
          "the ground truth's, and F their harmonic mean; it is 0 if only one of the two has a "
          "contour. DAVIS averages F over images, this stage counts over the data set; "
          "`image_mean` and `STAGE.csv` have the values of single images.\n\n"
          "**Bands** (`trimap_D`). mIoU over the pixels that have a pixel with another label of "
          "the ground truth, 255 included, at most D rows and D columns away. The edge of the "
          "image is not a "
          "boundary. Where all boundaries of objects are marked by 255, as in PASCAL VOC, this is "
          "the trimap of deeplab's published code; it also works where no pixel is 255. The mean "
          "is over the classes in ground truth or labels.\n\n"
          "`metrics.json` holds the means, `classes` with the scores of each class and with "
          "precision and recall of its contour, `image_mean`, `baseline` and `gain`. `STAGE.csv` "
          "has a row for each image, `STAGE.classes.csv` one for each class. The time per image "
          "grows with its pixels, and not with any of the options.");
}

}  // namespace seplflow::eval
