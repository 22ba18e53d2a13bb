// [published]: the numbers that a paper prints for what a pipeline computes. Internal to the
// pipeline layer.
#pragma once

#include <string>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

// Reads the section into a pipeline of which axes, variants and stages are known. Arrays are left
// out where the command line replaces axes, since they are of others.
void read_published(Document const& document, PipelineRequest const& request, Pipeline& pipeline,
                    std::vector<Problem>& problems);

// The section in a resolved pipeline, of all variants or of one; empty without numbers.
std::string published_text(Pipeline const& pipeline);
std::string published_text(Pipeline const& pipeline, std::size_t variant);

}  // namespace seplflow
