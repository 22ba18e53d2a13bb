// What a loader does about a sample without a file.
#pragma once

#include <filesystem>
#include <seplflow.hpp>
#include <string>

#include "common/sample_file.hpp"

namespace seplflow {

enum class OnMissing { error, empty };

inline auto const kOnMissing =
    choices<OnMissing>({{"error", OnMissing::error}, {"empty", OnMissing::empty}});

// For error messages about samples that need a size.
constexpr char const* kUnknownSize =
    ", and the size of the sample is unknown, since the data set has neither its image nor its "
    "ground truth";

// Whether to continue without the file, a result of sample_file. Throws Error, with the file and
// the way out, when a missing file is an error; `instead` says what `empty` would use.
inline bool is_missing(std::filesystem::path const& file, OnMissing on_missing,
                       std::string const& what, std::string const& instead) {
  if (is_there(file)) return false;
  if (on_missing == OnMissing::empty) return true;
  std::string others;
  for (std::string const& name : sample_names(file.stem().string())) {
    if (name != file.stem()) others += (others.empty() ? ", nor one named " : ", ") + name;
  }
  throw Error("there is no " + what + " " + file.string() + others +
              " (set on_missing = \"empty\" to use " + instead + " instead)");
}

}  // namespace seplflow
