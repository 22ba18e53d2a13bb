// Learns what plugins declare without risk to this process. Internal to the catalog.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <vector>

#include "catalog/plugin_summary.hpp"

namespace seplflow {

struct Inspected {
  PluginSummary summary;
  // Whether the same file will have the same summary. What ends a process may depend on much else.
  bool is_lasting = false;
};

// Loads each library in a child process of its own, several at a time. A library that ends its
// process, or that needs longer than `patience`, is refused with this reason. Calls `on_wait`, if it
// is set, once for each library that has not answered after a twentieth of `patience`.
std::vector<Inspected> inspect(std::vector<std::filesystem::path> const& files,
                               std::chrono::milliseconds patience,
                               std::function<void(std::filesystem::path const&)> const& on_wait);

}  // namespace seplflow
