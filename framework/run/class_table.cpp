#include "run/class_table.hpp"

#include <algorithm>

#include "run/csv.hpp"

namespace seplflow {
namespace {

using Names = std::vector<std::string>;

Metrics::Value const* find_in(Metrics const& metrics, std::string_view name) {
  for (auto const& [each, value] : metrics.entries()) {
    if (each == name) return &value;
  }
  return nullptr;
}

Metrics::List const& classes_in(Metrics const* metrics) {
  static Metrics::List const none;
  Metrics::Value const* const value = metrics ? find_in(*metrics, kClassList) : nullptr;
  auto const* const list = value ? std::get_if<Metrics::List>(value) : nullptr;
  return list ? *list : none;
}

bool is_score(Metrics::Value const& value) {
  return std::holds_alternative<double>(value) || std::holds_alternative<std::nullptr_t>(value);
}

Cell cell_in(Metrics const& entry, std::string const& name) {
  Metrics::Value const* const value = find_in(entry, name);
  if (!value) return {};
  if (auto const* const text = std::get_if<std::string>(value)) return *text;
  if (auto const* const count = std::get_if<std::int64_t>(value)) return *count;
  if (auto const* const score = std::get_if<double>(value)) return *score;
  return {};
}

Cell difference(Cell const& after, Cell const& before) {
  auto const* const a = std::get_if<double>(&after);
  auto const* const b = std::get_if<double>(&before);
  return a && b ? Cell(*a - *b) : Cell();
}

struct Columns {
  Names keys, scores;
};

Columns columns_of(Metrics const& entry) {
  Columns columns;
  for (auto const& [name, value] : entry.entries()) {
    if (is_score(value)) {
      columns.scores.push_back(name);
    } else if (columns.scores.empty()) {
      columns.keys.push_back(name);
    }
  }
  return columns;
}

Row header_of(Columns const& columns, bool has_baseline) {
  Row header(columns.keys.begin(), columns.keys.end());
  header.insert(header.end(), columns.scores.begin(), columns.scores.end());
  if (!has_baseline) return header;
  for (char const* const prefix : {"baseline_", "gain_"}) {
    for (std::string const& score : columns.scores) header.emplace_back(prefix + score);
  }
  return header;
}

Metrics const* same_class(Metrics::List const& classes, Metrics const& entry, Names const& keys) {
  auto const found = std::ranges::find_if(classes, [&](Metrics const& other) {
    return std::ranges::all_of(
        keys, [&](std::string const& key) { return cell_in(other, key) == cell_in(entry, key); });
  });
  return found == classes.end() ? nullptr : &*found;
}

}  // namespace

std::string class_table_of(std::string const& stage) {
  return stage + "." + kClassList + ".csv";
}

std::string class_table(Metrics const& metrics, CsvText texts) {
  Metrics::List const& classes = classes_in(&metrics);
  if (classes.empty()) return "";
  Columns const columns = columns_of(classes.front());
  if (columns.scores.empty()) return "";
  Metrics::Value const* const before = find_in(metrics, "baseline");
  Metrics::List const& baseline = classes_in(before ? std::get_if<Metrics>(before) : nullptr);
  std::string text = csv_line(header_of(columns, !baseline.empty()), texts);
  for (Metrics const& entry : classes) {
    Row row, gains;
    for (std::string const& key : columns.keys) row.push_back(cell_in(entry, key));
    for (std::string const& score : columns.scores) row.push_back(cell_in(entry, score));
    if (!baseline.empty()) {
      Metrics const* const same = same_class(baseline, entry, columns.keys);
      for (std::string const& score : columns.scores) {
        row.push_back(same ? cell_in(*same, score) : Cell());
        gains.push_back(difference(cell_in(entry, score), row.back()));
      }
    }
    row.insert(row.end(), gains.begin(), gains.end());
    text += csv_line(row, texts);
  }
  return text;
}

std::vector<std::pair<std::string, std::optional<double>>> class_scores(Metrics const& metrics) {
  std::vector<std::pair<std::string, std::optional<double>>> scores;
  for (Metrics const& entry : classes_in(&metrics)) {
    Cell const name = cell_in(entry, "name");
    auto const* const text = std::get_if<std::string>(&name);
    if (!text) continue;
    for (auto const& [score, value] : entry.entries()) {
      if (!is_score(value)) continue;
      auto const* const number = std::get_if<double>(&value);
      scores.emplace_back(*text + "." + score, number ? std::optional(*number) : std::nullopt);
    }
  }
  return scores;
}

}  // namespace seplflow
