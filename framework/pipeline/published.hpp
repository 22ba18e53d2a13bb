// [published]: the published numbers for what a pipeline computes. Internal to the pipeline layer.
#pragma once

#include <string>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

// Reads the section into a pipeline whose axes, variants and stages are known. If the command line
// replaces axes, lists are ignored, since they belong to the axes of the file.
void read_published(Document const& document, PipelineRequest const& request, Pipeline& pipeline,
                    std::vector<Problem>& problems);

// The section of a resolved pipeline, for all variants or for one; empty without numbers.
std::string published_text(Pipeline const& pipeline);
std::string published_text(Pipeline const& pipeline, std::size_t variant);

}  // namespace seplflow
