// The files that `seplflow new plugin` writes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>

namespace seplflow::cli {

struct NewFile {
  std::filesystem::path path;  // in the new folder
  std::string text;
};

// The name of the plugin's target and library: "lab_sure" for the stage "lab.sure".
std::string target_of(std::string_view stage);

// A plugin with this stage ("family.stage"), its test, a pipeline that uses it, and what builds them.
std::vector<NewFile> new_plugin(std::string const& stage, StageKind kind);

}  // namespace seplflow::cli
