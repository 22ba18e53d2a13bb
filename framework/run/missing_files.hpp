// Which samples will fail because their files are not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// Of one stage, or of one output of the source.
struct MissingFiles {
  std::size_t stage;   // index into Pipeline::stages
  std::string output;  // of a source; else empty
  std::uint64_t samples = 0, of = 0;
  std::string first;                         // the id of the first sample without a file
  std::vector<std::filesystem::path> tried;  // its file, and the others that would do

  // `stage "masks" (masks.json): 3 of 22 samples have no file, the first 2007_000032: /sam/...`
  std::string text(Pipeline const& pipeline) const;
};

// Enumerates the samples that a run would take, and looks for the files that it would read; nothing
// is opened. Only stages some of whose files are missing are returned. Consumes the source: the
// pipeline cannot be run afterwards. Throws Error when the source cannot enumerate its samples.
std::vector<MissingFiles> missing_files(Pipeline const& pipeline);

}  // namespace seplflow
