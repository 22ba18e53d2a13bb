// Which samples will fail because their files are not there. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// Of one stage, or of one output of the source.
struct MissingFiles {
  std::size_t stage;  // its place among those looked at
  // `stage "masks" (masks.json): 3 of 22 samples have no file, the first 2007_000032: /sam/...`
  std::string message;
};

// Enumerates the samples that a run would take of the source, which is the first of the stages, and
// looks for the files that the stages would read; nothing is opened. Consumes the source: it cannot
// be run afterwards. Throws Error when it cannot enumerate its samples.
std::vector<MissingFiles> missing_files(std::vector<PipelineStage const*> const& stages,
                                        RunSettings const& run);

}  // namespace seplflow
