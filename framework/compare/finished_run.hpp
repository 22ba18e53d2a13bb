// The files of a run that is done, as it lies on the disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/setting_text.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// A run, or a variant of a sweep.
struct RunFiles {
  std::filesystem::path folder;
  std::filesystem::path sweep;  // that the variant is of; empty for a run
  std::optional<RunRecord> record;
  Json metrics;  // an object with an entry for each evaluator
  std::vector<SettingText> settings;
};

// Throws UsageError, saying what to do, when the folder is no complete run, is a sweep of which a
// variant must be named, or a file in it is damaged.
RunFiles open_run(std::filesystem::path const& folder);

// The table of an observer; nothing when the run has none.
std::optional<std::filesystem::path> table_of(RunFiles const& run, std::string const& stage);

}  // namespace seplflow
