#include "catalog/plugin_places.hpp"

#define BOOST_DLL_USE_STD_FS
#include <sys/stat.h>

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <cstdlib>
#include <string_view>

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// A folder of the XDG base directory specification, which ignores relative paths.
fs::path user_folder(char const* variable, char const* in_home) {
  char const* const set = std::getenv(variable);
  if (set && fs::path(set).is_absolute()) return set;
  char const* const home = std::getenv("HOME");
  if (home && fs::path(home).is_absolute()) return fs::path(home) / in_home;
  return {};
}

// Empty unless the program that loaded this code is another one.
fs::path& installed_plugins() {
  static fs::path folder;
  return folder;
}

}  // namespace

std::vector<fs::path> default_plugin_places() {
  std::vector<fs::path> places;
  if (char const* const path = std::getenv("SEPLFLOW_PLUGIN_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      std::size_t const end = std::min(rest.find(':'), rest.size());
      if (end > 0) places.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::error_code error;
  fs::path const data = user_folder("XDG_DATA_HOME", ".local/share");
  if (!data.empty() && fs::is_directory(data / "seplflow/plugins", error)) {
    places.push_back(data / "seplflow/plugins");
  }
  fs::path own = installed_plugins();
  if (own.empty()) {
    own = boost::dll::program_location().parent_path() / SEPLFLOW_PLUGINS_FROM_PROGRAM;
  }
  places.push_back(own.lexically_normal());
  return places;
}

void set_installed_plugins(fs::path folder) {
  installed_plugins() = std::move(folder);
}

fs::path default_plugin_index() {
  fs::path const cache = user_folder("XDG_CACHE_HOME", ".cache");
  return cache.empty() ? cache : cache / "seplflow/plugins.json";
}

std::optional<std::string> why_writable_by_others(fs::path const& place) {
  struct stat status {};
  if (::stat(place.c_str(), &status) != 0 || (status.st_mode & S_IWOTH) == 0) return std::nullopt;
  return "every user of this machine can write \"" + place.string() +
         "\", and so run code in this program; run chmod o-w on it";
}

}  // namespace seplflow
