// A run: a checked pipeline, executed, with everything it leaves behind.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/catalog.hpp"
#include "run/progress.hpp"

namespace seplflow {

enum class RunStatus { running, done, done_with_failures, failed, interrupted };

std::string_view to_string(RunStatus status);

struct RunRequest {
  std::filesystem::path out;
  std::vector<std::string> command_line;  // for the record
  std::optional<std::filesystem::path> trace;
  ProgressMode progress = ProgressMode::none;
  std::function<void()> on_start;      // may be empty; called when the folder is made
  std::function<void()> on_interrupt;  // may be empty; called once, from a thread of its own
};

// The first samples that failed, for the summary; the ledger has them all.
struct FailedSample {
  std::string id, stage, error;
};

struct RunReport {
  RunStatus status = RunStatus::running;
  RunTotals totals;
  std::optional<std::uint64_t> expected;  // samples of the source, where it knows
  double seconds = 0;
  std::filesystem::path folder;
  std::vector<FailedSample> failed_samples;
  struct StageFindings {
    std::string stage;
    Findings findings;
  };
  std::vector<StageFindings> findings;  // of a complete run
};

// Executes the pipeline into a new run folder. Throws RunFolderError when the folder cannot take
// it, and Error when the folder cannot be written (a full disk); what goes wrong with samples or
// stages is in the report. Ctrl-C lets the samples in flight finish.
RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request);

}  // namespace seplflow
