// How a sweep went: its best variant and the scores of all of them.
#include "cli/sweep_summary.hpp"

#include <algorithm>
#include <iomanip>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>

#include "base/number_text.hpp"

namespace seplflow::cli {
namespace {

constexpr std::size_t kVariantsShown = 30;
constexpr std::size_t kLossesShown = 5;
constexpr std::size_t kTextsShown = 5;

bool is_gain(std::string const& name) {
  return name.find(".gain.") != std::string::npos;
}

std::string plain(double value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << value;
  return text.str();
}

// A fraction as percent, another number as it is; the unit is written beside it.
std::string number_of(Score const& score, double value) {
  return score.unit.empty() ? percent(value) : plain(value);
}

std::string unit_of(Score const& score) {
  return score.unit.empty() ? "percent" : score.unit;
}

std::string score_text(RunReport const& report, std::size_t variant) {
  auto const& score = report.variants[variant].score;
  if (!score) return "-";
  return number_of(*score, score->value) + (variant == report.best ? "*" : " ");
}

// The best is marked; the headings leave room for the mark.
SummaryTable score_grid(Pipeline const& pipeline, RunReport const& report) {
  SummaryTable table = grid(pipeline, "", [&](std::size_t v) { return score_text(report, v); });
  for (std::size_t i = 1; i < table.columns.size(); ++i) table.columns[i] += " ";
  return table;
}

// STAGE.miou, and STAGE.gain.miou.
bool is_shown(std::string const& name) {
  auto const dots = std::ranges::count(name, '.');
  return dots == 1 || (dots == 2 && is_gain(name));
}

// The numbers that are not fractions: those that a unit or a value above 1 shows not to be.
std::set<std::string> numbers_with_unit(RunReport const& report) {
  std::set<std::string> names;
  for (auto const& variant : report.variants) {
    for (auto const& [name, value] : variant.scores) {
      if (!is_shown(name)) continue;
      auto const score = report.scores.find(name);
      bool const is_number = score != report.scores.end() ? !score->second.unit.empty()
                                                          : value && std::abs(*value) > 1;
      if (is_number) names.insert(name);
    }
  }
  return names;
}

// A row for each variant, with its scores and gains; the best ones where there are many.
SummaryTable list(Pipeline const& pipeline, RunReport const& report) {
  SummaryTable table{"", {"variant"}, {}};
  std::vector<std::size_t> order(pipeline.variants.size());
  std::iota(order.begin(), order.end(), 0);
  if (order.size() > kVariantsShown) {
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t v) {
      auto const& score = report.variants[v].score;
      if (!score) return -std::numeric_limits<double>::infinity();
      return score->better == Better::more ? score->value : -score->value;
    });
    order.resize(kVariantsShown);
  }
  std::map<std::string, std::size_t> columns;
  for (std::size_t const v : order) {
    for (auto const& [name, value] : report.variants[v].scores) {
      if (!is_shown(name)) continue;
      if (columns.try_emplace(name, table.columns.size()).second) table.columns.push_back(name);
    }
  }
  std::set<std::string> const numbers = numbers_with_unit(report);
  for (std::size_t const v : order) {
    std::vector<std::string> row(table.columns.size(), "-");
    row[0] = pipeline.variants[v].name + (v == report.best ? " *" : "");
    for (auto const& [name, value] : report.variants[v].scores) {
      auto const column = columns.find(name);
      if (column == columns.end() || !value) continue;
      row[column->second] = numbers.contains(name) ? plain(*value) : percent(*value, is_gain(name));
    }
    table.rows.push_back(std::move(row));
  }
  table.title = numbers.empty() ? "percent" : "";
  for (auto const& [name, column] : columns) {
    if (numbers.empty()) break;
    auto const score = report.scores.find(name);
    std::string const unit = !numbers.contains(name) ? "percent"
                             : score == report.scores.end() ? "" : unit_of(score->second);
    if (!unit.empty()) table.columns[column] += " (" + unit + ")";
  }
  return table;
}

// The score of the baseline, if it is the same in all variants.
std::optional<double> common_baseline(RunReport const& report) {
  std::optional<double> common;
  for (auto const& variant : report.variants) {
    if (!variant.score || !variant.score->baseline) return std::nullopt;
    if (common && *common != *variant.score->baseline) return std::nullopt;
    common = variant.score->baseline;
  }
  return common;
}

// Conditions and remarks: each text once, with the variants that it is about.
void print_texts(Page& page, Pipeline const& pipeline, RunReport const& report,
                 std::vector<std::string> RunReport::VariantResult::*texts) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> known;
  for (std::size_t v = 0; v < report.variants.size(); ++v) {
    for (std::string const& text : report.variants[v].*texts) {
      auto found = std::ranges::find(known, text, &decltype(known)::value_type::first);
      if (found == known.end()) found = known.insert(known.end(), {text, {}});
      found->second.push_back(v);
    }
  }
  for (std::size_t i = 0; i < std::min(known.size(), kTextsShown); ++i) {
    auto const& [text, variants] = known[i];
    page << without_controls(text);
    if (variants.size() < pipeline.variants.size()) {
      page << "; in " << pipeline.variants[variants.front()].name;
      if (variants.size() > 1) page << " and " << counted(variants.size() - 1, "other");
    }
    page << '\n';
  }
  if (known.size() > kTextsShown) {
    page << "... and " << known.size() - kTextsShown
         << " more; see variants/VARIANT/metrics.json\n";
  }
}

// Scores over different samples cannot be compared.
void print_losses(Page& page, Pipeline const& pipeline, RunReport const& report) {
  std::size_t shown = 0, more = 0;
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    VariantCounts const& counts = report.totals.variants[v];
    if (counts.failed + counts.skipped == 0) continue;
    if (shown == kLossesShown) {
      ++more;
      continue;
    }
    if (shown++ == 0) page << "Some scores leave out samples:\n";
    page << "  " << pipeline.variants[v].name << ": " << counts.failed << " failed, "
         << counts.skipped << " skipped\n";
  }
  if (more > 0) page << "  ... and " << counted(more, "more variant") << "; see run.json\n";
}

}  // namespace

void print_sweep(Page& page, Pipeline const& pipeline, RunReport const& report) {
  if (report.variants.empty()) return;
  bool const is_grid = (pipeline.is_grid() || pipeline.is_grid_of_names()) && report.best;
  SummaryTable table = is_grid ? score_grid(pipeline, report) : list(pipeline, report);
  if (table.columns.size() == 1) return;
  bool const is_cut = table.rows.size() < pipeline.variants.size() && !is_grid;
  if (is_grid) {
    Score const& best = *report.variants[*report.best].score;
    table.title = best.name + ", " + unit_of(best);
  }
  auto const add_to_title = [&](std::string const& text) {
    table.title += (table.title.empty() ? "" : ", ") + text;
  };
  if (auto const baseline = common_baseline(report)) {
    Score const& score = *report.variants.front().score;
    add_to_title((is_grid ? "" : score.name + " ") + "before " + number_of(score, *baseline));
  }
  if (report.best) table.title += table.title.empty() ? "* the best variant" : " (* the best variant)";
  if (is_cut) add_to_title("best first");
  page << '\n';
  page.add(table);
  if (is_cut) {
    page << "  ... and " << pipeline.variants.size() - table.rows.size()
         << " more variants; sweep.csv has all of them\n";
  }
  if (report.best) {
    Score const& score = *report.variants[*report.best].score;
    page << "best: "
         << without_controls(pipeline.variants[*report.best].name + ", " + score.name + " " +
                             number_of(score, score.value) +
                             (score.unit.empty() ? "" : " " + score.unit))
         << '\n';
  }
  print_texts(page, pipeline, report, &RunReport::VariantResult::conditions);
  print_texts(page, pipeline, report, &RunReport::VariantResult::remarks);
  print_losses(page, pipeline, report);
}

}  // namespace seplflow::cli
