// What the run folder, and the folders of shards, hold of earlier runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <unordered_set>
#include <vector>

#include "run/resume/known_results.hpp"
#include "run/resume/ledger_files.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

inline LedgerFiles::Names const kLedger = {"ledger.records", "ledger.jsonl"};
inline LedgerFiles::Names const kBestFiles = {"best.records", ""};

// What the folder and the shards know of samples. Logs what is damaged.
std::vector<PastRun> past_runs(RunFolder& folder, std::vector<std::filesystem::path> const& shards,
                               LedgerFiles::Names const& names);

// The same for the files of the best variant; a run that kept all files has those too.
std::vector<PastRun> past_runs_of_best(RunFolder& folder,
                                       std::vector<std::filesystem::path> const& shards);

// Adds the names of all files that sinks of past runs are known to have written, as fingerprints.
void add_outputs(std::vector<PastRun> const& past, std::unordered_set<std::uint64_t>& names);

// Lists of sinks that the run before wrote; run.json names them.
std::vector<std::filesystem::path> lists_before(RunFolder const& folder);

// Removes everything that the run in the folder wrote, and nothing else.
void remove_run(RunFolder& folder);

}  // namespace seplflow
