// What a loader does for a sample that has no file.
#pragma once

#include <filesystem>
#include <seplflow.hpp>
#include <string>

#include "common/sample_file.hpp"

namespace seplflow {

enum class OnMissing { error, empty };

inline Choices<OnMissing> on_missing_choices() {
  return choices<OnMissing>({{"error", OnMissing::error}, {"empty", OnMissing::empty}});
}

// Whether to go on without the file, which is one that sample_file found or did not find. Throws
// Error, naming it and the way out, when a missing file is an error; `instead` says what `empty`
// would give.
inline bool is_missing(std::filesystem::path const& file, OnMissing on_missing,
                       std::string const& what, std::string const& instead) {
  if (is_there(file)) return false;
  if (on_missing == OnMissing::empty) return true;
  std::string others;
  for (std::string const& name : sample_names(file.stem().string())) {
    if (name != file.stem()) others += (others.empty() ? ", nor one called " : ", ") + name;
  }
  throw Error("there is no " + what + " " + file.string() + others +
              " (on_missing = \"empty\" takes " + instead + " instead)");
}

}  // namespace seplflow
