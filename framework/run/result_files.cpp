#include "run/result_files.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/number_text.hpp"
#include "base/similar_names.hpp"
#include "engine/parallel.hpp"
#include "run/class_table.hpp"
#include "run/csv.hpp"
#include "run/json.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kFewVariants = 8;

bool is_scored(Pipeline const& pipeline) {
  return std::ranges::any_of(pipeline.stages, [](PipelineStage const& stage) {
    return stage.declaration->kind == StageKind::observer;
  });
}

void collect(Metrics const& metrics, std::string const& prefix, SweepCsv wanted,
             VariantNumbers& numbers) {
  for (auto const& [name, value] : metrics.entries()) {
    if (auto const* const inner = std::get_if<Metrics>(&value)) {
      collect(*inner, prefix + name + ".", wanted, numbers);
    } else if (name == kClassList && wanted == SweepCsv::classes) {
      for (auto& [score, number] : class_scores(metrics)) {
        numbers.scores.emplace_back(prefix + name + "." + score, number);
      }
    } else if (auto const* const score = std::get_if<double>(&value)) {
      numbers.scores.emplace_back(prefix + name, *score);
    } else if (std::holds_alternative<std::nullptr_t>(value)) {
      numbers.scores.emplace_back(prefix + name, std::nullopt);
    } else if (auto const* const count = std::get_if<std::int64_t>(&value)) {
      numbers.counts.emplace_back(prefix + name, static_cast<double>(*count));
    }
  }
}

std::string metrics_json(Pipeline const& pipeline, std::vector<std::size_t> const& stages,
                         AllFindings const& findings) {
  std::vector<NamedMetrics> all;
  for (std::size_t const s : stages) {
    if (!findings[s]) continue;
    NamedMetrics& named = 
        all.emplace_back(NamedMetrics{pipeline.stages[s].name, &findings[s]->metrics});
    if (!findings[s]->conditions.empty()) {
      named.texts.emplace_back("conditions", findings[s]->conditions);
    }
    if (!findings[s]->remark.empty()) named.texts.emplace_back("remark", findings[s]->remark);
  }
  return json_text(all, 2) + "\n";
}

void write_class_tables(RunFolder& folder, Pipeline const& pipeline,
                        std::filesystem::path const& home, std::vector<std::size_t> const& stages,
                        AllFindings const& findings) {
  for (std::size_t const s : stages) {
    if (!findings[s]) continue;
    std::string const table = class_table(findings[s]->metrics, pipeline.run.csv);
    if (!table.empty()) folder.write(home / class_table_of(pipeline.stages[s].name), table);
  }
}

}  // namespace

Metrics metrics_of(std::vector<Tally> const& tallies) {
  Metrics metrics;
  for (Tally const& tally : tallies) {
    metrics.set(tally.what, Metrics()
                                .set("total", tally.total)
                                .set("per_sample", tally.per_sample())
                                .set("samples_without", tally.samples_without));
  }
  return metrics;
}

Keep keep_of(Pipeline const& pipeline) {
  if (pipeline.run.keep) return *pipeline.run.keep;
  return pipeline.variants.size() > kFewVariants && is_scored(pipeline) ? Keep::none : Keep::all;
}

void require_sound_keep(Pipeline const& pipeline) {
  if (!pipeline.run.keep) return;
  if (!pipeline.sweeps()) {
    throw UsageError(
        "keep selects the variants whose files a sweep writes, but this pipeline has "
        "no variants");
  }
  if (*pipeline.run.keep == Keep::best && !is_scored(pipeline)) {
    throw UsageError(
        "keep = \"best\" needs an evaluator that finds the best variant, such as eval.miou; use "
        "keep = \"all\" or \"none\"");
  }
}

std::filesystem::path home_of(Pipeline const& pipeline, Variant const& variant) {
  if (!pipeline.sweeps()) return {};
  return std::filesystem::path("variants") / variant.name;
}

std::vector<std::filesystem::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage) {
  if (pipeline.serves_all(stage)) return {std::filesystem::path()};
  std::vector<std::filesystem::path> homes;
  for (std::size_t const v : stage.variants) {
    homes.push_back(home_of(pipeline, pipeline.variants[v]));
  }
  return homes;
}

VariantNumbers numbers_of(Pipeline const& pipeline, Variant const& variant,
                          AllFindings const& findings, SweepCsv wanted) {
  VariantNumbers numbers;
  for (std::size_t const s : variant.stages) {
    bool const is_observer = pipeline.stages[s].declaration->kind == StageKind::observer;
    if (!findings[s] || !is_observer) continue;
    collect(findings[s]->metrics, pipeline.stages[s].name + ".", wanted, numbers);
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
    auto const scores = numbers_of(pipeline, variant, findings).scores;
    for (std::size_t n = 0; n < found.size(); ++n) {
      auto const score = std::ranges::find(scores, pipeline.published.numbers[n].name,
                                           [](auto const& each) { return each.first; });
      found[n].push_back(score == scores.end() ? std::nullopt : score->second);
    }
  }
  return found;
}

std::string why_other_samples(Pipeline const& pipeline, RunTotals const& totals) {
  RunSettings const& run = pipeline.run;
  auto const& published = pipeline.published;
  std::string reasons;
  auto const add = [&](bool holds, std::string const& reason) {
    if (holds) reasons += (reasons.empty() ? "" : ", ") + reason;
  };
  if (published.numbers.empty()) return reasons;
  add(run.limit.has_value(), "limit = " + std::to_string(run.limit.value_or(0)));
  add(run.shard.count > 1, "this is a shard");
  add(!run.skip.empty(), counted(run.skip.size(), "sample was", "samples were") + " left out");
  add(totals.failed > 0, counted(totals.failed, "sample") + " failed");
  add(totals.skipped > 0, counted(totals.skipped, "sample was", "samples were") + " skipped");
  if (auto const samples = published.samples; samples && *samples != totals.emitted) {
    add(true, "the published numbers are over " + counted(*samples, "sample") + ", the run has " +
                  std::to_string(totals.emitted));
  }
  return reasons;
}

void require_row(PipelineStage const& stage, Row const& row) {
  if (row.size() == stage.columns.size()) return;
  throw Error("stage \"" + stage.name + "\" returned a row of " + counted(row.size(), "cell") +
              " for its " + counted(stage.columns.size(), "column"));
}

std::vector<std::pair<std::string, Score>> declared_scores(Pipeline const& pipeline,
                                                           Variant const& variant,
                                                           AllFindings const& findings) {
  std::vector<std::pair<std::string, Score>> scores;
  for (std::size_t const s : variant.stages) {
    if (!findings[s]) continue;
    for (Score const& score : findings[s]->scores) {
      scores.emplace_back(pipeline.stages[s].name + "." + score.metric, score);
    }
  }
  return scores;
}

std::tuple<bool, bool, std::string_view> evaluator_rank(std::string_view use, bool has_baseline,
                                                        std::string_view stage) {
  return {use != "eval.miou", !has_baseline, stage};
}

std::optional<Score> score_of(Pipeline const& pipeline, Variant const& variant,
                              AllFindings const& findings) {
  if (!pipeline.best_by.empty()) {
    for (auto const& [path, score] : declared_scores(pipeline, variant, findings)) {
      if (path == pipeline.best_by) return score;
    }
    return std::nullopt;
  }
  // The order of the stages in the file has no meaning.
  auto const rank = [&](std::size_t s) {
    PipelineStage const& stage = pipeline.stages[s];
    return evaluator_rank(stage.declaration->name, findings[s]->scores.front().baseline.has_value(),
                          stage.name);
  };
  std::optional<std::size_t> first;
  for (std::size_t const s : variant.stages) {
    if (!findings[s] || findings[s]->scores.empty()) continue;
    if (!first || rank(s) < rank(*first)) first = s;
  }
  if (!first) return std::nullopt;
  return findings[*first]->scores.front();
}

std::optional<std::size_t> best_variant(Pipeline const& pipeline, AllFindings const& findings) {
  std::optional<std::size_t> best;
  double best_value = 0;
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    auto const score = score_of(pipeline, pipeline.variants[v], findings);
    if (!score || std::isnan(score->value)) continue;
    bool const is_less = score->better == Better::less;
    bool const is_better = is_less ? score->value < best_value : score->value > best_value;
    if (best && !is_better) continue;
    best = v;
    best_value = score->value;
  }
  return best;
}

std::string why_no_best(Pipeline const& pipeline, AllFindings const& findings) {
  std::vector<std::string> known;
  for (Variant const& variant : pipeline.variants) {
    for (auto const& [path, score] : declared_scores(pipeline, variant, findings)) {
      if (std::ranges::find(known, path) == known.end()) known.push_back(path);
    }
  }
  if (known.empty()) return "no evaluator returned a score for these samples (eval.miou does)";
  if (pipeline.best_by.empty()) return "the scores of all variants are NaN";
  return "no variant has the score \"" + pipeline.best_by + "\" that best_by names" +
         did_you_mean(pipeline.best_by, known) + " (use " + quoted_list(known) + ")";
}

void write_scores(RunFolder& folder, Pipeline const& pipeline, AllFindings const& findings) {
  std::vector<std::size_t> common;
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (findings[s] && pipeline.serves_all(pipeline.stages[s])) common.push_back(s);
  }
  if (!pipeline.sweeps() || !common.empty()) {
    folder.write("metrics.json", metrics_json(pipeline, common, findings));
    write_class_tables(folder, pipeline, {}, common, findings);
  }
  if (!pipeline.sweeps()) return;
  // For a disk small files are much work one by one.
  in_parallel(pipeline.variants.size(), [&](std::size_t v) {
    Variant const& variant = pipeline.variants[v];
    std::filesystem::path const home = home_of(pipeline, variant);
    folder.write(home / "metrics.json", metrics_json(pipeline, variant.stages, findings));
    std::vector<std::size_t> own = variant.stages;
    std::erase_if(own, [&](std::size_t s) { return pipeline.serves_all(pipeline.stages[s]); });
    write_class_tables(folder, pipeline, home, own, findings);
    folder.write(home / "pipeline.toml", resolved_toml(pipeline, v));
  });
  folder.write("sweep.csv", sweep_csv(pipeline, findings));
}

std::string sweep_csv(Pipeline const& pipeline, AllFindings const& findings) {
  std::vector<std::string> columns = {"variant"};
  for (Axis const& axis : pipeline.axes) columns.push_back(axis.key);
  std::size_t const first = columns.size();
  std::set<std::string> known;
  std::vector<std::map<std::string, Cell>> rows(pipeline.variants.size());
  std::vector<VariantNumbers> numbers;
  for (Variant const& variant : pipeline.variants) {
    numbers.push_back(numbers_of(pipeline, variant, findings, pipeline.run.sweep_csv));
  }
  for (auto const kind : {&VariantNumbers::scores, &VariantNumbers::counts}) {
    for (std::size_t v = 0; v < rows.size(); ++v) {
      for (auto const& [column, value] : numbers[v].*kind) {
        if (value) rows[v][column] = *value;
        if (known.insert(column).second) columns.push_back(column);
      }
    }
  }
  CsvText const texts = pipeline.run.csv;
  std::string text = csv_line(Row(columns.begin(), columns.end()), texts);
  for (std::size_t v = 0; v < rows.size(); ++v) {
    Variant const& variant = pipeline.variants[v];
    Row row = {variant.name};
    for (std::size_t a = 0; a < pipeline.axes.size(); ++a) {
      row.emplace_back(pipeline.axes[a].values[variant.values[a]]);
    }
    for (std::size_t c = first; c < columns.size(); ++c) row.push_back(rows[v][columns[c]]);
    text += csv_line(row, texts);
  }
  return text;
}

}  // namespace seplflow
