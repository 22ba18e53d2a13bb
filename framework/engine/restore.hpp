// Results that an earlier run has already computed. Internal to the engine.
#pragma once

#include <vector>

#include "engine/engine.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"

namespace seplflow {

// Restores the results of a sample from the memories of an earlier run, and marks the nodes that no
// remaining work needs as idle.
void restore_results(std::vector<StageMemory> const& memories, Pipeline const& pipeline,
                     Plan const& plan, InFlight& sample);

}  // namespace seplflow
