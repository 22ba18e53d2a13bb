#include "compare/image_ranking.hpp"

#include <algorithm>
#include <cmath>

#include "base/similar_names.hpp"
#include "compare/side_by_side.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kGain = "gain_", kBaseline = "baseline_";

// A table of images, its file and its columns.
struct TableChoice {
  std::string stage;
  std::filesystem::path file;
  std::vector<std::string> columns;

  bool has(std::string const& column) const {
    return std::find(columns.begin() + 1, columns.end(), column) != columns.end();
  }
};

std::vector<TableChoice> candidates_in(RunContents const& contents) {
  std::vector<TableChoice> candidates;
  for (Comparison::Evaluator const& each : contents.evaluators) {
    auto const file = table_of(contents.run, each.stage);
    if (!file) continue;
    TableChoice candidate{each.stage, *file, columns_of(contents.run, *file)};
    if (candidate.columns.size() > 1) candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// A metric as columns call it: "image_mean_miou".
std::string column_of(std::string metric) {
  std::ranges::replace(metric, '.', '_');
  return metric;
}

std::string metric_of(std::string const& column) {
  for (std::string_view const prefix : {kGain, kBaseline}) {
    if (column.starts_with(prefix)) return column.substr(prefix.size());
  }
  return column;
}

struct Choice {
  TableChoice const* table = nullptr;
  std::string column;
};

// The gain in the main score, or the score, of the first table that has it; else its first column.
Choice default_choice(std::vector<TableChoice> const& candidates, std::string const& score) {
  std::size_t const dot = score.find('.');
  std::string const stage = score.substr(0, dot);
  auto main = std::ranges::find(candidates, stage, &TableChoice::stage);
  bool const has_main = dot != std::string::npos && main != candidates.end();
  TableChoice const& table = has_main ? *main : candidates.front();
  std::string const wanted = has_main ? column_of(score.substr(dot + 1)) : table.columns[1];
  std::string const column = table.has(wanted) ? wanted : table.columns[1];
  std::string const gain = std::string(kGain) + column;
  return {&table, table.has(gain) ? gain : column};
}

Choice named_choice(std::vector<TableChoice> const& candidates, std::string const& by) {
  std::vector<std::string> known;
  for (TableChoice const& each : candidates) {
    if (each.has(by)) return {&each, by};
    bool const is_of_stage = by.starts_with(each.stage + ".");
    std::string const rest = is_of_stage ? column_of(by.substr(each.stage.size() + 1)) : "";
    if (each.has(rest)) return {&each, rest};
    for (std::size_t c = 1; c < each.columns.size(); ++c) {
      known.push_back(each.columns[c]);
      known.push_back(each.stage + "." + each.columns[c]);
    }
  }
  std::string hint = did_you_mean(by, known);
  if (hint.empty()) {
    for (TableChoice const& each : candidates) {
      hint += "; " + each.stage + ".csv has " +
              quoted_list({each.columns.begin() + 1, each.columns.end()});
    }
  }
  throw UsageError("no table of images in " + candidates.front().file.parent_path().string() +
                   " has a column \"" + by + "\"" + hint);
}

void count_changes(ImageRanking& ranking) {
  for (auto const& value : ranking.table.numbers) {
    if (!value) continue;
    if (*value == 0) {
      ++ranking.equal;
    } else {
      ++((*value > 0) != ranking.less_is_better ? ranking.improved : ranking.harmed);
    }
  }
}

}  // namespace

ImageRanking rank_images(RunContents const& contents, std::string const& by) {
  auto const candidates = candidates_in(contents);
  if (candidates.empty()) {
    std::string text = contents.place.folder.string() + " has no table of images";
    for (std::string const& each : contents.missing) text += "; it does not have " + each;
    throw UsageError(text);
  }
  Choice const choice =
      by.empty() ? default_choice(candidates, main_score(contents)) : named_choice(candidates, by);
  ImageRanking ranking;
  ranking.stage = choice.table->stage;
  ranking.column = choice.column;
  ranking.is_gain = choice.column.starts_with(kGain);
  std::string const metric = metric_of(choice.column);
  for (Comparison::Evaluator const& each : contents.evaluators) {
    if (each.stage != ranking.stage) continue;
    for (ShownScore const& score : scores_of(contents, each)) {
      if (column_of(score.metric) == metric) ranking.less_is_better = score.less_is_better;
    }
  }
  ranking.table = read_table(contents.run, choice.table->file, choice.column);
  auto const& numbers = ranking.table.numbers;
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    if (numbers[row]) ranking.with_value.push_back(row);
  }
  ranking.without_value = numbers.size() - ranking.with_value.size();
  if (ranking.is_gain) count_changes(ranking);
  return ranking;
}

std::vector<std::size_t> ImageRanking::first(std::size_t count, bool descending) const {
  std::vector<std::size_t> rows = with_value;
  std::ranges::stable_sort(rows, [&](std::size_t a, std::size_t b) {
    double const first = *table.numbers[a], second = *table.numbers[b];
    return descending ? first > second : first < second;
  });
  rows.resize(std::min(count, rows.size()));
  return rows;
}

bool is_fraction(ImageRanking const& ranking, RunContents const& contents, std::size_t column,
                 std::vector<std::size_t> const& rows) {
  std::string const metric = metric_of(ranking.table.columns[column]);
  for (Comparison::Evaluator const& each : contents.evaluators) {
    if (each.stage != ranking.stage) continue;
    for (Comparison::Number const& number : each.numbers) {
      if (column_of(number.name) == metric) return number.fraction;
    }
  }
  bool is_whole = true;
  for (std::size_t const row : rows) {
    auto const value = number_in(ranking.table.rows[row][column]);
    if (value && std::abs(*value) > 1) return false;
    is_whole = is_whole && (!value || *value == std::trunc(*value));
  }
  return !is_whole;
}

}  // namespace seplflow
