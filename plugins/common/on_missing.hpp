// What a loader does for a sample that has no file.
#pragma once

#include <filesystem>
#include <seplflow.hpp>
#include <string>

namespace seplflow {

enum class OnMissing { error, empty };

inline Choices<OnMissing> on_missing_choices() {
  return choices<OnMissing>({{"error", OnMissing::error}, {"empty", OnMissing::empty}});
}

// Whether to go on without the file. Throws Error, naming it and the way out, when a missing file
// is an error; `instead` says what `empty` would give.
inline bool is_missing(std::filesystem::path const& file, OnMissing on_missing,
                       std::string const& what, std::string const& instead) {
  std::error_code error;
  auto const status = std::filesystem::symlink_status(file, error);
  // Anything but a plain absence (no permission, a link that leads nowhere) is for the reader to
  // report.
  if (status.type() != std::filesystem::file_type::not_found) return false;
  if (on_missing == OnMissing::empty) return true;
  throw Error("there is no " + what + " " + file.string() + " (on_missing = \"empty\" takes " +
              instead + " instead)");
}

}  // namespace seplflow
