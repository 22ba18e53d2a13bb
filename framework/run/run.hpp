// Executes a checked pipeline into a run folder.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"
#include "run/file_writer.hpp"
#include "run/progress.hpp"
#include "run/warning_log.hpp"

namespace seplflow {

enum class RunStatus { running, done, done_with_failures, failed, interrupted };

std::string_view to_string(RunStatus status);

// Drains the engine that runs when the user interrupts, or the next one that is about to run.
class Interruption {
 public:
  void interrupt();
  void drains(Engine* engine);  // null when it has ended

 private:
  std::mutex mutex_;
  Engine* engine_ = nullptr;
  bool interrupted_ = false;
};

struct RunGuest {
  Interruption interruption;
  std::function<void(ProgressState const&)> on_progress;  // called from another thread; may be empty
};

struct RunRequest {
  std::filesystem::path out;
  std::vector<std::string> command_line;  // for run.json
  std::optional<std::filesystem::path> trace;
  ProgressMode progress = ProgressMode::none;
  bool resume = false;           // continue the run in the folder, if it holds one
  bool overwrite = false;        // or remove it
  bool remove_unlisted = false;  // a resumed run may remove results of samples that are gone
  std::vector<std::filesystem::path> shards;  // complete runs to merge
  TakeFiles files = TakeFiles::copy;          // of these runs
  // Of a run within another program, such as Python: how it is interrupted and watched. It then leaves
  // signals and crashes to that program. Must outlive the run.
  RunGuest* guest = nullptr;
};

// The texts of TakeFiles.
Choices<TakeFiles> const& merged_files_choices();

struct FailedSample {
  std::string id;
  std::string stage;  // in quotes, with a variant unless it serves all
  std::string error;
};

struct RunReport {
  RunStatus status = RunStatus::running;
  RunTotals totals;
  std::optional<std::uint64_t> expected;  // samples, where the source knows
  double seconds = 0;
  std::filesystem::path folder;
  std::vector<FailedSample> failed_samples;  // the first ones; the ledger has them all
  std::vector<WarningCount> warnings;        // also about samples that were reused
  struct StageFindings {
    std::string stage;
    Findings findings;
  };
  Keep keep = Keep::all;  // the variants whose files a sweep wrote

  // What follows is empty unless all samples were scored.
  bool scored = false;
  std::vector<StageFindings> findings;  // of the stages that serve all variants
  std::map<std::string, Score> scores;  // by "STAGE.METRIC"; those of one variant stand for all

  // Of a sweep, by variant.
  struct VariantResult {
    std::optional<Score> score;
    std::vector<std::pair<std::string, std::optional<double>>> scores;  // as in sweep.csv
    std::vector<std::string> conditions, remarks;  // of its scores, "STAGE: TEXT"
  };
  std::vector<VariantResult> variants;
  std::optional<std::size_t> best;  // of the variants

  // The scores for which Pipeline::published has numbers: fractions by variant.
  std::vector<std::vector<std::optional<double>>> beside_published;
  std::string cost;           // "3.20 CPU hours ..."
  std::string other_samples;  // why these are over other samples than the published ones; or empty

  // "12 of 40 samples": those that were tried, of those that were to be.
  std::string samples_text() const;
};

// runs/NAME
std::filesystem::path default_run_folder(Pipeline const& pipeline);

// How many samples a run of the pipeline takes, repetitions included; nothing where the source does
// not know. Throws UsageError when its shard has none, or when it cannot take them as often as it
// should.
std::optional<std::uint64_t> expected_samples(Pipeline const& pipeline);

// Executes the pipeline into a run folder, and logs what happens (run/log.hpp). Throws UsageError
// when the folder cannot take the run. What goes wrong later is in the report, a full disk too.
// After Ctrl-C the samples in progress are finished.
RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request);

}  // namespace seplflow
