#include "run/results.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "run/json.hpp"
#include "run/layout.hpp"

namespace seplflow {
namespace {

void collect_scores(Metrics const& metrics, std::string const& prefix, Numbers& numbers) {
  for (auto const& [name, value] : metrics.entries()) {
    if (auto const* const inner = std::get_if<Metrics>(&value)) {
      collect_scores(*inner, prefix + name + ".", numbers);
    } else if (auto const* const number = std::get_if<double>(&value)) {
      numbers.emplace_back(prefix + name, *number);
    } else if (std::holds_alternative<std::nullptr_t>(value)) {
      numbers.emplace_back(prefix + name, std::nullopt);
    }
  }
}

void collect_counts(Metrics const& metrics, std::string const& prefix, Numbers& numbers) {
  for (auto const& [name, value] : metrics.entries()) {
    if (auto const* const inner = std::get_if<Metrics>(&value)) {
      collect_counts(*inner, prefix + name + ".", numbers);
    } else if (auto const* const count = std::get_if<std::int64_t>(&value)) {
      numbers.emplace_back(prefix + name, static_cast<double>(*count));
    }
  }
}

Json metrics_of(Pipeline const& pipeline, std::vector<std::size_t> const& stages,
                AllFindings const& findings) {
  Json metrics = Json::object();
  for (std::size_t const s : stages) {
    if (!findings[s]) continue;
    Json& entry = metrics[pipeline.stages[s].name] = to_json(findings[s]->metrics);
    if (!findings[s]->conditions.empty()) entry["conditions"] = findings[s]->conditions;
    if (!findings[s]->remark.empty()) entry["remark"] = findings[s]->remark;
  }
  return metrics;
}

}  // namespace

Numbers scores_of(Pipeline const& pipeline, Variant const& variant, AllFindings const& findings) {
  Numbers numbers;
  for (std::size_t const s : variant.stages) {
    if (findings[s]) {
      collect_scores(findings[s]->metrics, pipeline.stages[s].name + ".", numbers);
    }
  }
  return numbers;
}

Numbers counts_of(Pipeline const& pipeline, Variant const& variant, AllFindings const& findings) {
  Numbers numbers;
  for (std::size_t const s : variant.stages) {
    if (findings[s]) {
      collect_counts(findings[s]->metrics, pipeline.stages[s].name + ".", numbers);
    }
  }
  return numbers;
}

std::vector<std::string> texts_of(Pipeline const& pipeline, Variant const& variant,
                                  AllFindings const& findings, std::string Findings::*text) {
  std::vector<std::string> texts;
  for (std::size_t const s : variant.stages) {
    bool const shown = pipeline.serves_all(pipeline.stages[s]);
    if (shown || !findings[s] || ((*findings[s]).*text).empty()) continue;
    texts.push_back(pipeline.stages[s].name + ": " + (*findings[s]).*text);
  }
  return texts;
}

std::vector<std::vector<std::optional<double>>> beside_published(Pipeline const& pipeline,
                                                                 AllFindings const& findings) {
  std::vector<std::vector<std::optional<double>>> found(pipeline.published.numbers.size());
  if (found.empty()) return found;
  for (Variant const& variant : pipeline.variants) {
    Numbers const scores = scores_of(pipeline, variant, findings);
    for (std::size_t n = 0; n < found.size(); ++n) {
      auto const score = std::ranges::find(scores, pipeline.published.numbers[n].name,
                                           &Numbers::value_type::first);
      found[n].push_back(score == scores.end() ? std::nullopt : score->second);
    }
  }
  return found;
}

std::optional<Score> score_of(Variant const& variant, AllFindings const& findings) {
  for (std::size_t const s : variant.stages) {
    if (findings[s] && findings[s]->score) return findings[s]->score;
  }
  return std::nullopt;
}

std::optional<std::size_t> best_variant(Pipeline const& pipeline, AllFindings const& findings) {
  std::optional<std::size_t> best;
  double highest = 0;
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    auto const score = score_of(pipeline.variants[v], findings);
    if (!score || std::isnan(score->value) || (best && score->value <= highest)) continue;
    best = v;
    highest = score->value;
  }
  return best;
}

void write_metrics(RunFolder& folder, Pipeline const& pipeline, AllFindings const& findings) {
  std::vector<std::size_t> common;
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (findings[s] && pipeline.serves_all(pipeline.stages[s])) common.push_back(s);
  }
  if (!pipeline.sweeps() || !common.empty()) {
    folder.write_json("metrics.json", metrics_of(pipeline, common, findings));
  }
  if (!pipeline.sweeps()) return;
  // Making small files takes a disk longer than filling them.
  tbb::parallel_for(std::size_t{0}, pipeline.variants.size(), [&](std::size_t v) {
    Variant const& variant = pipeline.variants[v];
    std::filesystem::path const home = home_of(pipeline, variant);
    folder.write_json(home / "metrics.json", metrics_of(pipeline, variant.stages, findings));
    folder.write(home / "pipeline.toml", resolved_toml(pipeline, variant));
  });
}

std::string sweep_csv(Pipeline const& pipeline, AllFindings const& findings) {
  std::vector<std::string> columns = {"variant"};
  for (Axis const& axis : pipeline.axes) columns.push_back(axis.key);
  std::size_t const first = columns.size();
  std::set<std::string> known;
  std::vector<std::map<std::string, Cell>> rows(pipeline.variants.size());
  for (auto* const kind : {&scores_of, &counts_of}) {
    for (std::size_t v = 0; v < rows.size(); ++v) {
      for (auto const& [column, value] : (*kind)(pipeline, pipeline.variants[v], findings)) {
        if (value) rows[v][column] = *value;
        if (known.insert(column).second) columns.push_back(column);
      }
    }
  }
  std::string text = csv_line(Row(columns.begin(), columns.end()));
  for (std::size_t v = 0; v < rows.size(); ++v) {
    Variant const& variant = pipeline.variants[v];
    Row row = {variant.name};
    for (std::size_t a = 0; a < pipeline.axes.size(); ++a) {
      row.emplace_back(pipeline.axes[a].values[variant.values[a]]);
    }
    for (std::size_t c = first; c < columns.size(); ++c) row.push_back(rows[v][columns[c]]);
    text += csv_line(row);
  }
  return text;
}

}  // namespace seplflow
