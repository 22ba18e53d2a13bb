// What a user can type to continue a run.
#pragma once

#include <string>
#include <vector>

#include "run/run.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// The words as a shell reads them.
std::string command_text(std::vector<std::string> const& words);

// The command that continues the run. A merge is given again as it was.
std::string resuming_command(RunRequest const& request, RunSettings const& run);

// Names the samples on which the run before died, and what to do if that happens again; empty when
// it did not, or when they are left out.
std::string death_text(RunFolder const& folder, RunRequest const& request, RunSettings const& run);

}  // namespace seplflow
