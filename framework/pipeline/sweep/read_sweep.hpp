// Reads what a pipeline sweeps: [sweep], [[variant]] and --sweep. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/sweep/contradictions.hpp"

namespace seplflow {

// What of it the file holds, and what --set says, which must not contradict it.
struct WrittenSweep {
  std::optional<Setting> axes, variants;
  std::vector<StageOverride> overrides;
  std::size_t arguments = 0;  // of --set; those of --sweep are numbered after them
};

// Fills the document's axes and variants. Where a mistake leaves open what a setting of a stage is,
// the stage gets it without a value, so that nobody misses it.
void read_sweep(WrittenSweep const& written, PipelineRequest const& request, Document& document,
                std::vector<Problem>& problems);

}  // namespace seplflow
