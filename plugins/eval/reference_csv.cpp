#include "reference_csv.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "stages.hpp"

namespace seplflow::eval {
namespace {

constexpr std::array<char const*, 3> kColumns = {"mIoU", "mprecision", "mrecall"};

// The script adds this to every denominator, so that 0 / 0 is 0 and not NaN.
constexpr double kEpsilon = 1e-10;

double rounded(double value) {
  return std::nearbyint(value * 1000) / 1000;
}

struct PixelCounts {
  std::array<std::uint64_t, 256> true_positives{}, predicted{}, truth{};
};

PixelCounts count_pixels(LabelMap const& truth, LabelMap const& labels, std::string_view name) {
  require_same_size(truth.size(), "the ground truth", labels.size(), name);
  PixelCounts counts;
  for_each_overlap(truth.runs(), labels.runs(), [&](Label t, Label p, std::uint32_t pixels) {
    if (t == kIgnore) return;
    counts.truth[t] += pixels;
    counts.predicted[p] += pixels;
    if (t == p) counts.true_positives[t] += pixels;
  });
  return counts;
}

ReferenceCsv::Scores scores_of(PixelCounts const& counts) {
  std::uint64_t tp = 0, predicted = 0, truth = 0;
  ReferenceCsv::Scores sum{};
  std::uint64_t classes = 0;
  for (int k = 1; k < kIgnore; ++k) {
    if (counts.truth[k] == 0) continue;
    tp += counts.true_positives[k];
    predicted += counts.predicted[k];
    truth += counts.truth[k];
    auto const hits = static_cast<double>(tp);
    sum[0] += hits / (static_cast<double>(truth + predicted - tp) + kEpsilon);
    sum[1] += hits / (static_cast<double>(predicted) + kEpsilon);
    sum[2] += hits / (static_cast<double>(truth) + kEpsilon);
    ++classes;
  }
  for (double& value : sum) value = rounded(value / static_cast<double>(classes));
  return sum;
}

}  // namespace

ReferenceCsv::Record ReferenceCsv::operator()(LabelMap const& truth, LabelMap const& pseudo,
                                              LabelMap const& labels) const {
  return {scores_of(count_pixels(truth, pseudo, "the pseudo-label")),
          scores_of(count_pixels(truth, labels, "the enhanced label"))};
}

std::string ReferenceCsv::save(Record const& record) const {
  ByteWriter bytes;
  for (auto const* const scores : {&record.pseudo, &record.labels}) {
    for (double const score : *scores) bytes.number(score);
  }
  return bytes.take();
}

ReferenceCsv::Record ReferenceCsv::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  Record record;
  for (auto* const scores : {&record.pseudo, &record.labels}) {
    for (double& score : *scores) score = reader.number();
  }
  reader.end();
  return record;
}

Row ReferenceCsv::fold(Sample const& sample, Record const& record) {
  ++images_;
  Row row = {sample.id};
  for (double const value : record.pseudo) row.push_back(value);
  for (double const value : record.labels) row.push_back(value);
  bool scored = true;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    row.push_back(record.labels[i] - record.pseudo[i]);
    scored = scored && !std::isnan(record.labels[i]) && !std::isnan(record.pseudo[i]);
  }
  if (scored) {
    ++scored_;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      pseudo_sum_[i] += record.pseudo[i];
      labels_sum_[i] += record.labels[i];
    }
  }
  return row;
}

std::vector<std::string> ReferenceCsv::columns() const {
  std::vector<std::string> columns = {"name"};
  for (char const* const prefix : {"pseudo_", "after_sam_"}) {
    for (char const* const column : kColumns) columns.push_back(std::string(prefix) + column);
  }
  for (char const* const column : kColumns) columns.push_back(std::string(column) + "_delta");
  return columns;
}

Findings ReferenceCsv::finish() const {
  Findings findings;
  findings.metrics.set("images", static_cast<std::int64_t>(images_));
  findings.metrics.set("scored_images", static_cast<std::int64_t>(scored_));
  SummaryTable table;
  table.title = "mean of the script's per-image columns over " + std::to_string(scored_) + " of " +
                std::to_string(images_) + " images";
  table.columns = {"", "pseudo", "after SAM", "delta"};
  auto const n = static_cast<double>(scored_);
  auto const text = [](double value, char const* format) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, format, value);
    return std::string(buffer);
  };
  Metrics pseudo, after;
  for (std::size_t i = 0; scored_ > 0 && i < kColumns.size(); ++i) {
    double const before = pseudo_sum_[i] / n, now = labels_sum_[i] / n;
    pseudo.set(kColumns[i], before);
    after.set(kColumns[i], now);
    table.rows.push_back(
        {kColumns[i], text(before, "%.3f"), text(now, "%.3f"), text(now - before, "%+.3f")});
  }
  findings.metrics.set("pseudo", std::move(pseudo)).set("after_sam", std::move(after));
  findings.summary.push_back(std::move(table));
  return findings;
}

void declare_reference_csv(Plugin& plugin) {
  plugin
      .stage<ReferenceCsv>("eval.reference_csv",
                           "Writes the per-image table of the SEPL authors' script, number for "
                           "number")
      .inputs("truth", "pseudo", "labels")
      .details(
          "Writes `STAGE.csv` with the script's columns. They are not the paper's mIoU: within an "
          "image the counts continue from class to class instead of starting again, background and "
          "classes missing from the ground truth are left out, each column is the mean of the "
          "running ratios, rounded to three decimals, and the deltas subtract rounded values. An "
          "image whose ground truth has no foreground gets `nan` in every column. To report "
          "scores, use `eval.miou`.");
}

}  // namespace seplflow::eval
