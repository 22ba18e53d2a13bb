// Where in a run folder what belongs.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// RUN/variants/VARIANT, relative to RUN; RUN itself in a pipeline without variants.
std::filesystem::path home_of(Pipeline const& pipeline, Variant const& variant);

// Where a stage's files and tables go: to RUN when no axis changes it, else to each of its
// variants. Relative to RUN.
std::vector<std::filesystem::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage);

}  // namespace seplflow
