// Why a run made of a sample what it made: what its stages explain, and what other options would do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/explanation.hpp>
#include "pipeline/sample_values.hpp"

namespace seplflow {

// The stages of a pipeline that explain themselves; `last` leaves out those that feed another of
// them directly, since that one shows what came of it.
std::vector<std::size_t> explainable_stages(Pipeline const& pipeline, bool last);

struct ExplainedStage {
  // The class with the most pixels of an item's region in the label map that the stage returns.
  struct Winner {
    Label label = kBackground;
    std::uint64_t pixels = 0;
  };
  // The sample with other values of the options in Explanation::trials.
  struct Trial {
    std::vector<std::size_t> values;  // for each of them, which value
    std::vector<bool> kept;           // by item; empty where the items are others
    std::size_t kept_items = 0;
    std::optional<double> score;      // `score` of the sample
    bool is_current = false;          // the values of the run
  };

  std::size_t stage = 0;
  Explanation explanation;
  std::vector<std::optional<Winner>> winners;  // by item; nothing without a region or a label map
  std::optional<LabelMap> labels;              // what the stage returns, if that is a label map
  std::vector<Trial> trials;
  // The column of the evaluator that the trials are compared by ("miou"); empty without one, or
  // where the sample has no row.
  std::string score_stage, score;
};

// Throws Error, with the stage and the sample, when a stage fails, lacks an input or returns an
// explanation that contradicts itself.
ExplainedStage explained_stage(SampleValues& values, std::size_t stage);

// The rows of all evaluators with a table, by stage; those for which the sample lacks a value, such
// as ground truth, are left out.
std::vector<std::pair<std::size_t, Row>> rows_of(SampleValues& values);

}  // namespace seplflow
