// A run: a checked pipeline, executed, with everything it leaves behind.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"
#include "run/progress.hpp"
#include "run/warning_log.hpp"

namespace seplflow {

enum class RunStatus { running, done, done_with_failures, failed, interrupted };

std::string_view to_string(RunStatus status);

struct RunRequest {
  std::filesystem::path out;
  std::vector<std::string> command_line;  // for the record
  std::optional<std::filesystem::path> trace;
  ProgressMode progress = ProgressMode::none;
  bool resume = false;                        // go on with the run in the folder, if there is one
  std::vector<std::filesystem::path> shards;  // complete runs to put together, instead of working
};

// The first samples that failed, for the summary; the ledger has them all.
struct FailedSample {
  std::string id;
  std::string stage;  // in quotes, with a variant where it does not serve all
  std::string error;
};

struct RunReport {
  RunStatus status = RunStatus::running;
  RunTotals totals;
  std::optional<std::uint64_t> expected;  // samples of the source, where it knows
  double seconds = 0;
  std::filesystem::path folder;
  std::vector<FailedSample> failed_samples;
  std::vector<WarningCount> warnings;  // of the samples that were worked on
  struct StageFindings {
    std::string stage;
    Findings findings;
  };
  Keep keep = Keep::all;                // whose files a sweep wrote
  bool scored = false;                  // all samples were folded, and their scores written
  std::vector<StageFindings> findings;  // of a complete run, without those of single variants

  // Of a complete sweep, by variant.
  struct VariantResult {
    std::optional<Score> score;
    std::vector<std::pair<std::string, std::optional<double>>> scores;  // as in sweep.csv
    std::vector<std::string> conditions, remarks;  // on its scores, "STAGE: TEXT"
  };
  std::vector<VariantResult> variants;
  std::optional<std::size_t> best;  // of the variants

  // Of a complete run, what it found where Pipeline::published has numbers: fractions by variant.
  std::vector<std::vector<std::optional<double>>> beside_published;
};

// Executes the pipeline into a run folder, a new one unless it resumes. Throws RunFolderError when
// the folder cannot take it, and Error when the folder cannot be written (a full disk); what goes
// wrong with samples or stages is in the report. Ctrl-C lets the samples that are begun finish.
RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request);

}  // namespace seplflow
