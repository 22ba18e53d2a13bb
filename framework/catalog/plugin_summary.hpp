// What is known about a plugin without loading it. Internal to the catalog.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/plugin.hpp>

namespace seplflow {

struct PluginSummary {
  struct Stage {
    std::string name, summary, missing_library;
  };
  std::string version;  // its own
  std::vector<Stage> stages;
  std::vector<Plugin::Rejected> rejected;
  std::string refused;  // why the whole library cannot be used; empty if it can
  std::string declarations = {};  // of a Python file, which is not loaded to know its stages
};

std::string to_text(PluginSummary const& summary);

// Nothing if the text is not one that to_text() returned.
std::optional<PluginSummary> summary_of_text(std::string_view text);

}  // namespace seplflow
