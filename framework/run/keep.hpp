// Which variants' files a sweep writes, and where.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// As the pipeline says, else all of up to eight variants, and none of more when there is an
// evaluator.
Keep keep_of(Pipeline const& pipeline);

// Throws UsageError when the pipeline's `keep` makes no sense: there are no variants, or no
// evaluator that could find the best one.
void require_sound_keep(Pipeline const& pipeline);

// RUN/variants/VARIANT, relative to RUN; RUN itself in a pipeline without variants.
std::filesystem::path home_of(Pipeline const& pipeline, Variant const& variant);

// Where a stage's files and tables go: to RUN when it serves all variants, else to each of its
// variants. Relative to RUN.
std::vector<std::filesystem::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage);

}  // namespace seplflow
