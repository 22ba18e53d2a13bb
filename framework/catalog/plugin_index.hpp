// What was learned about plugins, kept from one program to the next. Internal to the catalog.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "catalog/plugin_summary.hpp"

namespace seplflow {

// A file that holds what each library declares, so that libraries are examined once. An entry
// counts only for the file that was examined (path, size, times, place on the disk) by this very
// program. A file that cannot be read or written costs time and nothing else.
class PluginIndex {
 public:
  // Reads the index; an empty path stands for none.
  explicit PluginIndex(std::filesystem::path file);

  // Which file a library is at present, and which program asks; empty if it cannot be read.
  static std::string stamp_of(std::filesystem::path const& library);

  std::optional<PluginSummary> find(std::filesystem::path const& library,
                                    std::string const& stamp) const;
  void add(std::filesystem::path const& library, std::string stamp, PluginSummary const& summary);

  // Writes the index if anything was added, without the libraries that do not exist any more.
  void save();

 private:
  struct Entry {
    std::string stamp, summary;
  };
  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace seplflow
