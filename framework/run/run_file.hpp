// Reading what a run folder holds. Anybody may have put something else there, so symbolic links are
// not followed, and nothing is opened but regular files: opening a pipe would wait for ever.
#pragma once

#include <filesystem>
#include <string>

namespace seplflow {

// Whether the file exists. Throws UsageError when something else has its name.
bool exists_as_regular_file(std::filesystem::path const& file);

// The bytes of the file. Throws UsageError.
std::string read_run_file(std::filesystem::path const& file);

}  // namespace seplflow
