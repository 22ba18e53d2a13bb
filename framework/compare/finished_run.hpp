// A finished run, as it is on the disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/setting_text.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// A run, or a variant of a sweep.
struct FinishedRun {
  std::filesystem::path folder;
  std::filesystem::path sweep;  // the folder of the variant's sweep; empty for a run
  std::optional<RunRecord> record;
  Json metrics;  // an object with an entry for each evaluator
  std::vector<SettingText> settings;
};

// Throws UsageError, with what to do, when the folder is not a complete run, is a sweep instead of
// one of its variants, or has a damaged file.
FinishedRun open_run(std::filesystem::path const& folder);

// The entries of a metrics.json. Throws UsageError when it is damaged.
Json metrics_in(std::filesystem::path const& file);

// The table of an observer; nothing when the run has none.
std::optional<std::filesystem::path> table_of(FinishedRun const& run, std::string const& stage);

}  // namespace seplflow
