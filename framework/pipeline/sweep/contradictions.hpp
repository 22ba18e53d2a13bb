// What --set, the axes and the [[variant]]s of a sweep may not all say. Internal to the pipeline
// layer.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// A setting of --set.
struct StageOverride {
  std::size_t stage;  // index into Document::stages
  Setting setting;
};

// Refuses settings that several of them would make.
void refuse_contradictions(std::vector<StageOverride> const& overrides,
                           SweepContext const& context);

}  // namespace seplflow
