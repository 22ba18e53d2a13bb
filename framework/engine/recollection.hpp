// What an earlier run already knows of a sample. Internal to the engine.
#pragma once

#include <map>
#include <vector>

#include "engine/engine.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"

namespace seplflow {

// Puts the memories of an earlier run into a sample's results, and marks the nodes that nothing
// still to be done needs.
class Recollection {
 public:
  // All must outlive it.
  Recollection(Pipeline const& pipeline, Plan const& plan);

  void apply(std::vector<StageMemory> const& memories, InFlight& sample) const;

 private:
  void mark_idle(std::vector<bool> const& settled, InFlight& sample) const;

  Pipeline const& pipeline_;
  Plan const& plan_;
  std::map<Part, std::size_t> node_of_;
};

}  // namespace seplflow
