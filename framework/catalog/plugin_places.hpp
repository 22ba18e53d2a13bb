// Where this program looks for plugins, and where it keeps what it learned about them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace seplflow {

// The folders of SEPLFLOW_PLUGIN_PATH (separated by colons), the user's own folder if it exists
// ($XDG_DATA_HOME/seplflow/plugins, by default ~/.local/share/seplflow/plugins), then that of the
// install.
std::vector<std::filesystem::path> default_plugin_places();

// Names the plugin folder of the install. A program finds it from its own place; a library that another
// program has loaded, such as the Python module, does not know that place. Call it before there are
// other threads.
void set_installed_plugins(std::filesystem::path folder);

// The index of plugins: $XDG_CACHE_HOME/seplflow/plugins.json, by default in ~/.cache. Empty if the
// user has no home.
std::filesystem::path default_plugin_index();

// Why others can put code into a folder or library that this program loads; nothing if they cannot.
std::optional<std::string> why_writable_by_others(std::filesystem::path const& place);

}  // namespace seplflow
