#include "compare/sweep_table.hpp"

#include <algorithm>
#include <set>

#include "compare/side_by_side.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::optional<std::size_t> column_at(std::vector<std::string> const& columns,
                                     std::string const& name) {
  auto const found = std::ranges::find(columns, name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::optional<double> number_at(std::vector<std::string> const& row,
                                std::optional<std::size_t> column) {
  return column ? number_in(row[*column]) : std::nullopt;
}

// The axes are the keys of [sweep], which sweep.csv has as columns.
std::vector<SweepTable::Axis> axes_of(RunContents const& sweep, ImageTable const& all) {
  std::vector<SweepTable::Axis> axes;
  for (SettingText const& setting : sweep.run.settings) {
    if (setting.stage != "sweep" || setting.key == "best_by") continue;
    auto const column = column_at(all.columns, setting.key);
    if (!column) continue;
    SweepTable::Axis axis{setting.key, {}};
    for (auto const& row : all.rows) {
      auto const& value = row[*column];
      if (std::ranges::find(axis.values, value) == axis.values.end()) axis.values.push_back(value);
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

// The part of a variant's name that its [[variant]] gives it: what precedes the values of the axes.
// Empty without one.
std::string label_of(std::string const& name, std::vector<SweepTable::Axis> const& axes) {
  if (axes.empty() || name.starts_with(axes[0].key + "=")) return "";
  std::size_t const end = name.find("," + axes[0].key + "=");
  return end == std::string::npos ? "" : name.substr(0, end);
}

// The names of [[variant]] tables are an axis, too: the second, since the first goes across.
void add_names(SweepTable& table) {
  if (table.axes.empty()) return;
  SweepTable::Axis names{"variant", {}};
  std::vector<std::size_t> places;
  for (SweepTable::Variant const& variant : table.variants) {
    std::string label = label_of(variant.name, table.axes);
    if (label.empty()) return;
    auto const known = std::ranges::find(names.values, label);
    places.push_back(static_cast<std::size_t>(known - names.values.begin()));
    if (known == names.values.end()) names.values.push_back(std::move(label));
  }
  table.axes.insert(table.axes.begin() + 1, std::move(names));
  for (std::size_t v = 0; v < places.size(); ++v) {
    auto& values = table.variants[v].values;
    values.insert(values.begin() + 1, places[v]);
  }
}

void set_meaning(SweepTable& table, RunContents const& sweep) {
  std::size_t const dot = table.score.find('.');
  Json const meaning =
      dot == std::string::npos
          ? Json()
          : meaning_of({sweep.run}, table.score.substr(0, dot), table.score.substr(dot + 1));
  table.name = table.score;
  if (!meaning.is_object()) return;
  std::string const unit = text_in(meaning, "unit");
  table.name = text_in(meaning, "name");
  table.less_is_better = text_in(meaning, "better") == "less";
  table.fraction = unit == "fraction";
  if (!table.fraction) table.unit = unit;
}

}  // namespace

bool SweepTable::is_product() const {
  std::size_t product = 1;
  for (Axis const& axis : axes) product *= axis.values.size();
  std::set<std::vector<std::size_t>> places;
  for (Variant const& variant : variants) places.insert(variant.values);
  return !axes.empty() && places.size() == variants.size() && product == variants.size();
}

std::optional<double> SweepTable::common_before() const {
  if (variants.empty()) return std::nullopt;
  bool const is_common = std::ranges::all_of(
      variants, [&](Variant const& each) { return each.before == variants.front().before; });
  return is_common ? variants.front().before : std::nullopt;
}

std::optional<SweepTable> sweep_table(RunContents const& sweep, std::string const& score) {
  fs::path const file = sweep.place.folder / "sweep.csv";
  if (!exists_as_regular_file(file)) return std::nullopt;
  SweepTable table;
  table.score = score;
  table.all = read_table(sweep.run, file, score);
  table.axes = axes_of(sweep, table.all);
  set_meaning(table, sweep);
  std::size_t const dot = score.find('.');
  auto const before =
      dot == std::string::npos
          ? std::nullopt
          : column_at(table.all.columns, score.substr(0, dot) + ".baseline" + score.substr(dot));
  RunVariants const known = sweep.place.record ? variants_in(*sweep.place.record) : RunVariants();
  auto const column = column_at(table.all.columns, score);
  for (auto const& row : table.all.rows) {
    SweepTable::Variant variant{row[0], {}, number_at(row, column), number_at(row, before)};
    for (SweepTable::Axis const& axis : table.axes) {
      auto const& value = row[*column_at(table.all.columns, axis.key)];
      variant.values.push_back(
          static_cast<std::size_t>(std::ranges::find(axis.values, value) - axis.values.begin()));
    }
    if (known.best && known.names[*known.best] == variant.name) table.best = table.variants.size();
    table.variants.push_back(std::move(variant));
  }
  add_names(table);
  return table;
}

}  // namespace seplflow
