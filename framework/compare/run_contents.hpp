// What is in a run folder, whatever became of the run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compare/comparison.hpp"
#include "compare/finished_run.hpp"
#include "run/run_place.hpp"

namespace seplflow {

struct RunContents {
  struct Count {  // of what a stage counted
    std::string stage, what;
    std::int64_t total = 0, samples_without = 0;
    double per_sample = 0;
  };
  struct FailedSample {
    std::string id, stage, error;
  };

  RunPlace place;
  FinishedRun run;  // its metrics are an empty object where there are none
  std::vector<Comparison::Evaluator> evaluators;  // before_and_after() without images
  std::vector<Count> counts;
  std::map<std::string, std::uint64_t> outcomes;  // of the samples, by "done", "failed", ...
  std::vector<FailedSample> failed_samples;       // the first ones
  std::vector<std::string> missing;               // what cannot be shown, and why
};

// Reads a run, a sweep or a variant: finished, failed, unfinished, merged, or of an older version.
// Scores are left out unless the run is complete, because they would be those of another run.
// Throws UsageError for a folder that does not hold a run, and for a damaged file.
RunContents contents_of(std::filesystem::path const& folder);

// The ledger of a run, which may not exist. That of a resumed run grows beside that of the run before.
std::filesystem::path ledger_of(std::filesystem::path const& run);

// A score that an evaluator declares, or that its metrics show to be one in a run of an older
// version.
struct ShownScore {
  std::string metric;  // its place in the metrics: "miou"
  std::string name;    // "mIoU"
  std::string unit;    // empty for a fraction
  bool fraction = true, less_is_better = false;
  std::optional<double> before, after;
};
std::vector<ShownScore> scores_of(RunContents const& contents,
                                  Comparison::Evaluator const& evaluator);

// The type of a stage ("eval.miou"), or nothing when the run does not say it.
std::string type_of(RunContents const& contents, std::string const& stage);

// "STAGE.METRIC" of the score by which the variants of a sweep, or images, are compared: best_by, or
// the first score of the main evaluator. Empty where there is none.
std::string main_score(RunContents const& contents);

}  // namespace seplflow
