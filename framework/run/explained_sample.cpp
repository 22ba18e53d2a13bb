#include "run/explained_sample.hpp"

#include <algorithm>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "pipeline/check.hpp"
#include "pipeline/current_work.hpp"
#include "run/replay.hpp"
#include "run/result_files.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kMostCombinations = 200;

[[noreturn]] void blame(PipelineStage const& stage, std::string const& what) {
  throw Error(label_of(stage) + ": its explanation " + what + "; report this to its author");
}

Explanation explanation_of(SampleValues& values, std::size_t s) {
  PipelineStage const& stage = values.pipeline().stages[s];
  auto const inputs = values.inputs(s);
  if (!inputs) {
    throw Error(label_of(stage) + ", sample \"" + values.sample().id +
                "\": the sample does not have what the stage needs");
  }
  Explanation explanation;
  SampleContext const context(values.sample(), nullptr);
  auto const error = error_of([&] {
    CurrentWork const current(stage, values.sample().id);
    explanation = stage.instance->explain(context, *inputs);
  });
  if (error) {
    throw Error(label_of(stage) + ", sample \"" + values.sample().id + "\": " + *error);
  }
  return explanation;
}

// Third parties write explanations, and what reads them relies on this.
void require_sound(PipelineStage const& stage, Explanation const& explanation) {
  std::optional<Size> size;  // of all regions
  for (std::size_t i = 0; i < explanation.items.size(); ++i) {
    auto const& item = explanation.items[i];
    if (item.facts.size() != explanation.columns.size()) {
      blame(stage, "has " + counted(item.facts.size(), "fact") + " of " + explanation.item + " " +
                       std::to_string(i) + " for " + counted(explanation.columns.size(), "column"));
    }
    if (!item.region) continue;
    if (size && *size != item.region->size()) blame(stage, "has regions of different sizes");
    size = item.region->size();
  }
  if (explanation.trials.size() > 2) blame(stage, "has trials of more than two options");
  if (explanation.trials.size() == 2 &&
      explanation.trials[0].option == explanation.trials[1].option) {
    blame(stage, "has two trials of the option \"" + explanation.trials[0].option + "\"");
  }
  std::size_t combinations = 1;
  for (auto const& [option, values] : explanation.trials) {
    auto const place = find_option(*stage.declaration, option);
    if (!place) blame(stage, "names the option \"" + option + "\", which it does not have");
    auto const current = stage.instance->option(*place);
    bool const fits = std::ranges::all_of(
        values, [&](auto const& value) { return current && value.index() == current->index(); });
    if (!fits) blame(stage, "has values of another type than the option \"" + option + "\"");
    combinations *= values.size();
  }
  if (combinations > kMostCombinations) {
    blame(stage, "has " + std::to_string(combinations) + " combinations of options");
  }
}

std::optional<ExplainedStage::Winner> winner_in(Mask const& region, LabelMap const& labels) {
  auto const counts = overlap_histogram(region, labels.runs());
  auto const most = std::ranges::max_element(counts);
  if (*most == 0) return std::nullopt;
  return ExplainedStage::Winner{static_cast<Label>(most - counts.begin()), *most};
}

void add_winners(SampleValues& values, ExplainedStage& explained) {
  PipelineStage const& stage = values.pipeline().stages[explained.stage];
  explained.winners.resize(explained.explanation.items.size());
  auto const& outputs = stage.declaration->outputs;
  if (outputs.empty() || outputs[0].type != PortType<LabelMap>::name) return;
  Value const value = values.value({explained.stage, 0});
  if (!value) return;
  explained.labels = *static_cast<LabelMap const*>(value.get());
  for (std::size_t i = 0; i < explained.winners.size(); ++i) {
    auto const& region = explained.explanation.items[i].region;
    if (!region) continue;
    if (region->size() != explained.labels->size()) {
      blame(stage, "has regions of another size than its labels");
    }
    explained.winners[i] = winner_in(*region, *explained.labels);
  }
}

// Whether a stage depends on another.
bool reads_from(Pipeline const& pipeline, std::size_t reader, std::size_t s) {
  return std::ranges::any_of(pipeline.stages[reader].inputs, [&](auto const& input) {
    return input && (input->stage == s || reads_from(pipeline, input->stage, s));
  });
}

// Of the evaluators that depend on the stage and have a row for the sample, the main one.
std::optional<std::size_t> evaluator_after(SampleValues& values, std::size_t s) {
  Pipeline const& pipeline = values.pipeline();
  std::optional<std::size_t> first;
  auto const rank = [&](std::size_t e) {
    PipelineStage const& stage = pipeline.stages[e];
    bool const has_gain = std::ranges::any_of(
        stage.columns, [](auto const& column) { return column.starts_with("gain_"); });
    return evaluator_rank(stage.declaration->name, has_gain, stage.name);
  };
  for (std::size_t e = 0; e < pipeline.stages.size(); ++e) {
    if (pipeline.stages[e].columns.size() < 2 || !reads_from(pipeline, e, s)) continue;
    if (first && rank(*first) < rank(e)) continue;
    if (row_of(values, e)) first = e;
  }
  return first;
}

std::optional<double> score_in(std::optional<Row> const& row) {
  if (!row || row->size() < 2) return std::nullopt;
  if (auto const* const number = std::get_if<double>(&(*row)[1])) return *number;
  if (auto const* const count = std::get_if<std::int64_t>(&(*row)[1])) {
    return static_cast<double>(*count);
  }
  return std::nullopt;
}

// The places of the values, the last one changing fastest.
std::vector<std::vector<std::size_t>> combinations_of(Explanation const& explanation) {
  std::vector<std::vector<std::size_t>> combinations;
  if (explanation.trials.empty()) return combinations;
  combinations.emplace_back();
  for (auto const& trial : explanation.trials) {
    std::vector<std::vector<std::size_t>> longer;
    for (auto const& combination : combinations) {
      for (std::size_t v = 0; v < trial.values.size(); ++v) {
        longer.push_back(combination);
        longer.back().push_back(v);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

void try_options(SampleValues& values, ExplainedStage& explained) {
  Pipeline const& pipeline = values.pipeline();
  PipelineStage const& stage = pipeline.stages[explained.stage];
  auto const evaluator = evaluator_after(values, explained.stage);
  if (evaluator) {
    explained.score_stage = pipeline.stages[*evaluator].name;
    explained.score = pipeline.stages[*evaluator].columns[1];
  }
  Pipeline other = pipeline;
  for (auto& combination : combinations_of(explained.explanation)) {
    std::vector<std::pair<std::size_t, OptionValue>> options;
    bool is_current = true;
    for (std::size_t t = 0; t < combination.size(); ++t) {
      auto const& [name, tried] = explained.explanation.trials[t];
      std::size_t const option = *find_option(*stage.declaration, name);
      is_current = is_current && stage.instance->option(option) == tried[combination[t]];
      options.emplace_back(option, tried[combination[t]]);
    }
    other.stages[explained.stage].instance = configured_anew(stage, options);
    SampleValues changed = values.with(other, explained.stage);
    ExplainedStage::Trial trial{std::move(combination), {}, 0, {}, is_current};
    Explanation const explanation = explanation_of(changed, explained.stage);
    for (auto const& item : explanation.items) {
      trial.kept.push_back(item.kept);
      if (item.kept) ++trial.kept_items;
    }
    if (trial.kept.size() != explained.explanation.items.size()) trial.kept.clear();
    if (evaluator) trial.score = score_in(row_of(changed, *evaluator));
    explained.trials.push_back(std::move(trial));
  }
}

}  // namespace

std::vector<std::size_t> explainable_stages(Pipeline const& pipeline, bool last) {
  std::vector<std::size_t> stages;
  std::vector<bool> feeds(pipeline.stages.size());
  for (PipelineStage const& stage : pipeline.stages) {
    if (!stage.instance->explains()) continue;
    for (auto const& input : stage.inputs) {
      if (input) feeds[input->stage] = true;
    }
  }
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].instance->explains() && !(last && feeds[s])) stages.push_back(s);
  }
  return stages;
}

ExplainedStage explained_stage(SampleValues& values, std::size_t stage) {
  ExplainedStage explained;
  explained.stage = stage;
  explained.explanation = explanation_of(values, stage);
  require_sound(values.pipeline().stages[stage], explained.explanation);
  add_winners(values, explained);
  try_options(values, explained);
  return explained;
}

std::vector<std::pair<std::size_t, Row>> rows_of(SampleValues& values) {
  std::vector<std::pair<std::size_t, Row>> rows;
  for (std::size_t s = 0; s < values.pipeline().stages.size(); ++s) {
    if (auto row = row_of(values, s)) rows.emplace_back(s, std::move(*row));
  }
  return rows;
}

}  // namespace seplflow
