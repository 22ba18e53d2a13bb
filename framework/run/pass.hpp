// One pass over the data set: what takes part, and what comes of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/engine.hpp"
#include "run/result_files.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/known_results.hpp"
#include "run/resume/ledger_files.hpp"
#include "run/run.hpp"
#include "run/run_folder.hpp"
#include "run/trace.hpp"
#include "run/warning_log.hpp"

namespace seplflow {

struct Pass {
  LedgerFiles::Names ledger_files;
  std::vector<bool> ends;                                 // which stages take part, by stage
  std::vector<std::vector<std::filesystem::path>> homes;  // of their files, by stage

  // The first pass has the ledger and the scores; a second one only writes files.
  bool is_first() const { return !ledger_files.ledger.empty(); }
};

struct PassResult {
  RunTotals totals;  // also when something went wrong outside of the graph: then it is stopped
  std::int64_t jobs = 0, in_flight = 0;
  std::vector<FailedSample> failed_samples;  // the first ones
  WarningLog warnings;
  std::vector<std::filesystem::path> lists;  // of sinks, relative to the run folder
  AllFindings findings;                      // of a first pass that is complete; else empty
};

// What all passes of a run share.
struct RunContext {
  RunRequest const& request;
  ContentKeys const& keys;
  RunFolder& folder;
  Trace* trace;                           // null without one
  std::optional<std::uint64_t> expected;  // samples
  Interruption& interruption;
};

// Runs the graph, and when it came to the end of the data set places tables, lists and scores.
PassResult run_pass(Pass const& pass, Pipeline const& pipeline, std::vector<PastRun> past,
                    RunContext const& context);

}  // namespace seplflow
