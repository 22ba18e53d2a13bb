// Which stages a pipeline file has, however unfinished the rest of it is.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace seplflow {

// The name and the `use` of each stage, in the order of the file; `use` is empty where it is
// missing. Nothing when the file cannot be read as TOML.
std::vector<std::pair<std::string, std::string>> stage_uses(std::filesystem::path const& file);

}  // namespace seplflow
