#include "cli/show_tables.hpp"

#include <algorithm>
#include <numeric>

#include "base/number_text.hpp"

namespace seplflow::cli {
namespace {

using Kind = DataCell::Kind;

DataCell value_cell(std::optional<double> value, bool fraction) {
  return {Cell(value), fraction ? Kind::fraction : Kind::plain};
}

DataCell change_cell(std::optional<double> before, std::optional<double> after, bool fraction) {
  return {Cell(difference(before, after)), fraction ? Kind::fraction_change : Kind::change};
}

DataCell text_cell(std::string text) {
  return {Cell(std::move(text)), Kind::plain};
}

bool has_before(Comparison::Evaluator const& evaluator) {
  return evaluator.runs.size() == 2;
}

std::string metric_text(RunContents const& contents, std::string const& stage, char const* key) {
  Json const entry = contents.run.metrics.value(stage, Json::object());
  return entry.is_object() ? text_in(entry, key) : "";
}

// What the last condition and the remark both begin with is said once: "255 in the labels: miss,
// 0.00 % of the pixels".
std::string with_remark(std::string const& conditions, std::string const& remark) {
  if (conditions.empty() || remark.empty()) return conditions + remark;
  std::size_t const clause = conditions.rfind("; ");
  std::size_t const begin = clause == std::string::npos ? 0 : clause + 2;
  std::size_t const colon = conditions.find(": ", begin);
  if (colon != std::string::npos) {
    std::string const subject = conditions.substr(begin, colon + 2 - begin);
    if (remark.starts_with(subject)) return conditions + ", " + remark.substr(subject.size());
  }
  return conditions + "; " + remark;
}

// "score (eval.miou): percent over 1464 images (mean over classes: union; ...)"
std::string title_of(RunContents const& contents, Comparison::Evaluator const& evaluator,
                     bool in_percent) {
  std::string const type = type_of(contents, evaluator.stage);
  std::string title = evaluator.stage + (type.empty() ? "" : " (" + type + ")") + ":";
  if (in_percent) title += " percent";
  auto const images =
      std::ranges::find(evaluator.numbers, std::string("images"), &Comparison::Number::name);
  if (images != evaluator.numbers.end() && images->values[1]) {
    title += " over " + counted(static_cast<std::uint64_t>(*images->values[1]), "image");
  }
  std::string const about = with_remark(metric_text(contents, evaluator.stage, "conditions"),
                                        metric_text(contents, evaluator.stage, "remark"));
  return about.empty() ? title : title + " (" + about + ")";
}

std::vector<DataCell> score_row(ShownScore const& score, bool with_before) {
  std::vector<DataCell> row = {
      text_cell(score.unit.empty() ? score.name : score.name + " (" + score.unit + ")")};
  if (with_before) row.push_back(value_cell(score.before, score.fraction));
  row.push_back(value_cell(score.after, score.fraction));
  if (with_before) row.push_back(change_cell(score.before, score.after, score.fraction));
  return row;
}

std::string name_of(SweepTable::Variant const& variant, bool is_best) {
  return variant.name + (is_best ? " *" : "");
}

std::string score_title(SweepTable const& sweep) {
  std::string title = sweep.name + ", " + (sweep.fraction ? "percent" : sweep.unit);
  if (!sweep.fraction && sweep.unit.empty()) title = sweep.name;
  if (auto const before = sweep.common_before()) {
    title += ", before " + (sweep.fraction ? percent(*before) : shortest(*before));
  }
  return title + (sweep.best ? " (* the best variant)" : "");
}

// A grid holds texts, because the best variant is marked in it.
DataCell marked_cell(SweepTable const& sweep, std::size_t v) {
  auto const& score = sweep.variants[v].score;
  if (v != sweep.best || !score) return value_cell(score, sweep.fraction);
  return text_cell((sweep.fraction ? percent(*score) : shortest(*score)) + "*");
}

// Of the variants that have these values of the axes from the third on.
DataTable grid_of(SweepTable const& sweep, std::vector<std::size_t> const& chosen) {
  SweepTable::Axis const &across = sweep.axes[0], &down = sweep.axes[1];
  DataTable table{"", {down.key + " \\ " + across.key}, {}};
  table.columns.insert(table.columns.end(), across.values.begin(), across.values.end());
  for (std::string const& value : down.values) {
    table.rows.push_back({text_cell(value)});
    table.rows.back().resize(table.columns.size());
  }
  for (std::size_t const v : chosen) {
    auto const& values = sweep.variants[v].values;
    table.rows[values[1]][values[0] + 1] = marked_cell(sweep, v);
  }
  return table;
}

std::vector<DataTable> product_grids(SweepTable const& sweep) {
  std::vector<std::vector<std::size_t>> rest;  // of the axes from the third on, in file order
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t v = 0; v < sweep.variants.size(); ++v) {
    auto const& values = sweep.variants[v].values;
    std::vector<std::size_t> const key(values.begin() + 2, values.end());
    auto const place = static_cast<std::size_t>(std::ranges::find(rest, key) - rest.begin());
    if (place == rest.size()) {
      rest.push_back(key);
      members.emplace_back();
    }
    members[place].push_back(v);
  }
  std::vector<DataTable> tables;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    tables.push_back(grid_of(sweep, members[i]));
    std::string& title = tables.back().title;
    for (std::size_t a = 0; a < rest[i].size(); ++a) {
      SweepTable::Axis const& axis = sweep.axes[a + 2];
      title += axis.key + " = " + axis.values[rest[i][a]] + ", ";
    }
    title += score_title(sweep);
  }
  return tables;
}

DataTable variant_list(SweepTable const& sweep, std::size_t rows) {
  std::vector<std::size_t> order(sweep.variants.size());
  std::iota(order.begin(), order.end(), 0);
  bool const is_cut = order.size() > rows;
  if (is_cut) {
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
      auto const &first = sweep.variants[a].score, &second = sweep.variants[b].score;
      if (!first || !second) return first.has_value();
      return sweep.less_is_better ? *first < *second : *first > *second;
    });
    order.resize(rows);
  }
  bool const has_before = std::ranges::any_of(
      sweep.variants, [](auto const& variant) { return variant.before.has_value(); });
  DataTable table{score_title(sweep) + (is_cut ? ", best first" : ""), {"variant"}, {}};
  for (char const* const column : {"before", "after", "gain"}) {
    if (has_before || column == std::string("after")) table.columns.emplace_back(column);
  }
  for (std::size_t const v : order) {
    auto const& variant = sweep.variants[v];
    std::vector<DataCell> row = {text_cell(name_of(variant, v == sweep.best))};
    if (has_before) row.push_back(value_cell(variant.before, sweep.fraction));
    row.push_back(value_cell(variant.score, sweep.fraction));
    if (has_before) row.push_back(change_cell(variant.before, variant.score, sweep.fraction));
    table.rows.push_back(std::move(row));
  }
  if (is_cut) table.title += ", " + std::to_string(rows) + " of " +
                             counted(sweep.variants.size(), "variant");
  return table;
}

}  // namespace

DataTable score_table(RunContents const& contents, Comparison::Evaluator const& evaluator) {
  auto const scores = scores_of(contents, evaluator);
  bool const in_percent = std::ranges::any_of(scores, &ShownScore::fraction);
  DataTable table{title_of(contents, evaluator, in_percent), {""}, {}};
  bool const with_before = has_before(evaluator);
  if (with_before) table.columns.emplace_back("before");
  table.columns.emplace_back(with_before ? "after" : "score");
  if (with_before) table.columns.emplace_back("gain");
  for (ShownScore const& score : scores) table.rows.push_back(score_row(score, with_before));
  return table;
}

DataTable all_scores(RunContents const& contents) {
  DataTable table{"", {"evaluator", "score", "unit", "before", "after", "gain"}, {}};
  for (Comparison::Evaluator const& evaluator : contents.evaluators) {
    for (ShownScore const& score : scores_of(contents, evaluator)) {
      std::string const unit = score.fraction ? "fraction" : score.unit;
      table.rows.push_back({text_cell(evaluator.stage), text_cell(score.name), text_cell(unit),
                            value_cell(score.before, score.fraction),
                            value_cell(score.after, score.fraction),
                            change_cell(score.before, score.after, score.fraction)});
    }
  }
  return table;
}

std::vector<DataTable> class_tables(RunContents const& contents) {
  std::vector<DataTable> tables;
  for (Comparison::Evaluator const& evaluator : contents.evaluators) {
    for (Comparison::Classes const& list : evaluator.classes) {
      bool const with_before = has_before(evaluator);
      DataTable table{evaluator.stage + ": " + list.number + " of " + list.list +
                          (list.fraction ? ", percent" : ""),
                      {"class", "id"},
                      {}};
      if (with_before) table.columns.emplace_back("before");
      table.columns.emplace_back(with_before ? "after" : list.number);
      if (with_before) table.columns.emplace_back("gain");
      for (auto const& [id, name, values] : list.classes) {
        std::vector<DataCell> row = {text_cell(name), {Cell(id), Kind::plain}};
        if (with_before) row.push_back(value_cell(values[0], list.fraction));
        row.push_back(value_cell(values[1], list.fraction));
        if (with_before) row.push_back(change_cell(values[0], values[1], list.fraction));
        table.rows.push_back(std::move(row));
      }
      tables.push_back(std::move(table));
    }
  }
  return tables;
}

DataTable count_table(RunContents const& contents) {
  DataTable table{"counted", {"", "total", "per sample", "samples without"}, {}};
  for (RunContents::Count const& count : contents.counts) {
    std::string what = count.what;
    std::ranges::replace(what, '_', ' ');
    bool const is_of_files = count.what.starts_with("missing_");
    table.rows.push_back({text_cell(count.stage + ": " + what), {Cell(count.total)},
                          {is_of_files ? Cell() : Cell(count.per_sample)},
                          {is_of_files ? Cell() : Cell(count.samples_without)}});
  }
  return table;
}

DataTable image_table(RunContents const& contents, ImageRanking const& ranking, std::size_t count,
                      bool worst) {
  auto const rows = worst ? ranking.worst(count) : ranking.best(count);
  auto const& columns = ranking.table.columns;
  std::vector<std::size_t> order = {0};
  auto const chosen = std::ranges::find(columns, ranking.column);
  order.push_back(static_cast<std::size_t>(chosen - columns.begin()));
  for (std::size_t c = 1; c < columns.size(); ++c) {
    if (c != order[1]) order.push_back(c);
  }
  DataTable table;
  std::vector<bool> fractions;
  for (std::size_t const c : order) {
    table.columns.push_back(columns[c]);
    fractions.push_back(c > 0 && is_fraction(ranking, contents, c, rows));
  }
  std::string const first = worst ? "worst" : "best";
  table.title = ranking.stage + ": the " +
                (rows.size() == 1 ? first + " image" : first + " " + counted(rows.size(), "image")) +
                " by " + ranking.column + (fractions.size() > 1 && fractions[1] ? ", percent" : "") +
                (ranking.less_is_better ? ", less is better" : "");
  for (std::size_t const row : rows) {
    auto& cells = table.rows.emplace_back();
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::string const& text = ranking.table.rows[row][order[i]];
      auto const value = i == 0 ? std::nullopt : number_in(text);
      bool const is_change = columns[order[i]].starts_with("gain_");
      if (value) {
        cells.push_back(is_change ? change_cell(0.0, value, fractions[i])
                                  : value_cell(value, fractions[i]));
      } else {
        cells.push_back(text.empty() ? DataCell() : text_cell(text));
      }
    }
  }
  return table;
}

std::vector<DataTable> sweep_grids(SweepTable const& sweep, std::size_t rows) {
  if (sweep.is_product() && sweep.axes.size() > 1) return product_grids(sweep);
  return {variant_list(sweep, rows)};
}

DataTable sweep_rows(SweepTable const& sweep) {
  DataTable table{"", sweep.all.columns, {}};
  for (auto const& row : sweep.all.rows) {
    auto& cells = table.rows.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c) {
      auto const value = c == 0 ? std::nullopt : number_in(row[c]);
      cells.push_back(value        ? DataCell{Cell(*value), Kind::plain}
                      : row[c].empty() ? DataCell()
                                       : text_cell(row[c]));
    }
  }
  return table;
}

}  // namespace seplflow::cli
