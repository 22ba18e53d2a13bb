#include "cli/explain_tables.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/number_text.hpp"
#include "compare/comparison.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow::cli {
namespace {

using Kind = DataCell::Kind;

DataCell plain_cell(Cell value) {
  return {std::move(value), Kind::plain};
}

// The number of a cell, as the tables of evaluators have them.
std::optional<double> number_of_cell(Cell const& cell) {
  if (auto const* const number = std::get_if<double>(&cell)) return *number;
  if (auto const* const count = std::get_if<std::int64_t>(&cell)) {
    return static_cast<double>(*count);
  }
  return std::nullopt;
}

// A real number is a fraction, as in metrics.json; a count is an integer.
DataCell score_cell(Cell const& cell) {
  bool const is_real = std::holds_alternative<double>(cell);
  bool const is_fraction = is_real && std::abs(std::get<double>(cell)) <= 1;
  return {cell, is_fraction ? Kind::fraction : Kind::plain};
}

// A real number in 0..1 is taken for a ratio, such as o_s.
DataCell fact_cell(Cell const& fact) {
  auto const* const number = std::get_if<double>(&fact);
  bool const is_ratio = number && *number >= 0 && *number <= 1;
  return {fact, is_ratio ? Kind::ratio : Kind::plain};
}

std::string value_of_option(Explanation::Trial const& trial, std::size_t value) {
  OptionValue const& tried = trial.values[value];
  if (auto const* const text = std::get_if<std::string>(&tried)) return *text;
  return resolved_text(tried);
}

// The second option down, the first across; a single option down.
template <class CellOf>
DataTable trial_grid(ExplainedStage const& explained, std::string title, CellOf const& cell) {
  auto const& trials = explained.explanation.trials;
  bool const is_grid = trials.size() == 2;
  Explanation::Trial const& down = trials.back();
  DataTable table{std::move(title), {down.option}, {}};
  if (is_grid) {
    table.columns[0] += " \\ " + trials[0].option;
    for (std::size_t v = 0; v < trials[0].values.size(); ++v) {
      table.columns.push_back(value_of_option(trials[0], v));
    }
  } else {
    table.columns.emplace_back("");
  }
  for (std::size_t v = 0; v < down.values.size(); ++v) {
    table.rows.push_back({plain_cell(value_of_option(down, v))});
    table.rows.back().resize(table.columns.size());
  }
  for (ExplainedStage::Trial const& each : explained.trials) {
    std::size_t const column = is_grid ? each.values[0] + 1 : 1;
    table.rows[each.values.back()][column] = cell(each);
  }
  return table;
}

DataCell marked(DataCell cell, bool is_current) {
  return is_current ? plain_cell(cell_text(cell) + "*") : cell;
}

}  // namespace

std::string class_name(Sample const& sample, Label label) {
  if (sample.classes && sample.classes->contains(label)) return sample.classes->names()[label];
  return label == kIgnore ? "ignore" : "class " + std::to_string(label);
}

std::string limits_text(std::vector<Explanation::Limit> const& limits) {
  std::string text;
  for (auto const& [option, value, kept_below] : limits) {
    char number[32];
    std::snprintf(number, sizeof number, "%.4f", value);
    text += (text.empty() ? "" : " or ") + option + (kept_below ? " < " : " > ") + number;
  }
  return text;
}

DataTable item_table(Sample const& sample, ExplainedStage const& explained) {
  Explanation const& explanation = explained.explanation;
  DataTable table{"", {explanation.item, "area", "class", "decision"}, {}};
  table.columns.insert(table.columns.end(), explanation.columns.begin(), explanation.columns.end());
  for (char const* const column : {"kept if", "won by", "won pixels"}) {
    table.columns.emplace_back(column);
  }
  for (std::size_t i = 0; i < explanation.items.size(); ++i) {
    Explanation::Item const& item = explanation.items[i];
    auto const& winner = explained.winners[i];
    std::vector<DataCell> row = {plain_cell(i)};
    row.push_back(item.region ? plain_cell(item.region->area()) : DataCell());
    row.push_back(item.label ? plain_cell(class_name(sample, *item.label)) : DataCell());
    row.push_back(plain_cell(item.kept ? "kept" : "dropped"));
    for (Cell const& fact : item.facts) row.push_back(fact_cell(fact));
    std::string const limits = limits_text(item.limits);
    row.push_back(limits.empty() ? DataCell() : plain_cell(limits));
    row.push_back(winner ? plain_cell(class_name(sample, winner->label)) : DataCell());
    row.push_back(winner ? plain_cell(winner->pixels) : DataCell());
    table.rows.push_back(std::move(row));
  }
  // A stage without limits, or without a label map, leaves columns empty.
  for (std::size_t c = table.columns.size(); c-- > 1;) {
    bool const is_empty = std::ranges::all_of(table.rows, [&](auto const& row) {
      return std::holds_alternative<std::monostate>(row[c].value);
    });
    if (!is_empty || c < 4) continue;
    auto const place = static_cast<std::ptrdiff_t>(c);
    table.columns.erase(table.columns.begin() + place);
    for (auto& row : table.rows) row.erase(row.begin() + place);
  }
  return table;
}

std::vector<DataTable> trial_tables(ExplainedStage const& explained) {
  std::vector<DataTable> tables;
  if (explained.trials.empty()) return tables;
  bool const has_scores = std::ranges::any_of(
      explained.trials, [](auto const& trial) { return trial.score.has_value(); });
  bool const is_fraction = std::ranges::all_of(explained.trials, [](auto const& trial) {
    return !trial.score || std::abs(*trial.score) <= 1;
  });
  std::string const rest = " with other options (* as in the run)";
  if (has_scores) {
    tables.push_back(trial_grid(
        explained,
        explained.score_stage + ": " + explained.score + (is_fraction ? ", percent," : "") + rest,
        [&](ExplainedStage::Trial const& trial) {
          DataCell const cell{Cell(trial.score), is_fraction ? Kind::fraction : Kind::plain};
          return marked(cell, trial.is_current);
        }));
  }
  tables.push_back(trial_grid(explained, "kept " + explained.explanation.item + "s" + rest,
                              [](ExplainedStage::Trial const& trial) {
                                return marked(plain_cell(trial.kept_items), trial.is_current);
                              }));
  return tables;
}

DataTable pixel_table(Sample const& sample, std::vector<TitledLabels> const& maps) {
  DataTable table{"pixels by class", {"class"}, {}};
  std::set<Label> present;
  for (auto const& [title, labels, is_input] : maps) {
    table.columns.push_back(title);
    auto const& areas = label_areas(labels);
    for (std::size_t label = 0; label < areas.size(); ++label) {
      if (areas[label] > 0) present.insert(static_cast<Label>(label));
    }
  }
  for (Label const label : present) {
    auto& row = table.rows.emplace_back();
    row.push_back(plain_cell(class_name(sample, label)));
    for (TitledLabels const& map : maps) {
      row.push_back(plain_cell(label_areas(map.labels)[label]));
    }
  }
  return table;
}

DataTable row_table(PipelineStage const& evaluator, Row const& row) {
  auto const& columns = evaluator.columns;
  auto const place = [&](std::string const& name) {
    return static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
  };
  DataTable table{evaluator.name + " (" + evaluator.declaration->name + "), this image",
                  {"", "before", "after", "gain"},
                  {}};
  bool any_before = false, any_fraction = false;
  for (std::size_t c = 1; c < columns.size(); ++c) {
    if (columns[c].starts_with("baseline_") || columns[c].starts_with("gain_")) continue;
    std::size_t const before = place("baseline_" + columns[c]);
    DataCell const value = score_cell(row[c]);
    any_fraction = any_fraction || value.kind == Kind::fraction;
    std::vector<DataCell> cells = {plain_cell(columns[c]), {}, value, {}};
    if (before < row.size()) {
      any_before = true;
      cells[1] = score_cell(row[before]);
      auto const change = difference(number_of_cell(row[before]), number_of_cell(row[c]));
      cells[3] = {Cell(change),
                  value.kind == Kind::fraction ? Kind::fraction_change : Kind::change};
    }
    table.rows.push_back(std::move(cells));
  }
  if (any_fraction) table.title += ", percent";
  if (any_before) return table;
  table.columns = {"", "value"};
  for (auto& cells : table.rows) cells = {cells[0], cells[2]};
  return table;
}

}  // namespace seplflow::cli
