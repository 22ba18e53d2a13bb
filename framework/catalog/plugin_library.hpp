// Loads the library of a plugin into this process. Internal to the catalog.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <seplflow/plugin.hpp>

namespace seplflow {

struct LibraryNote;

// A loaded library, and what it declares. The declarations refer to its code.
struct PluginLibrary {
  std::shared_ptr<void> handle;  // keeps the library loaded
  std::string version;           // of the plugin itself; may be empty
  Plugin::Stages stages;
};

// Throws Error, with the reason, for a plugin that was built for another program than this.
void require_compatible(LibraryNote const& note);

// Opens a plugin whose note fits, and calls its declarations. Throws Error, with the reason, if
// that is not possible. A faulty library may end the process.
PluginLibrary load_plugin_library(std::filesystem::path const& file);

}  // namespace seplflow
