// Work on one sample by the nodes of one group. Internal to the engine.
#pragma once

#include <optional>
#include <vector>

#include "engine/engine.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"

namespace seplflow {

// The nodes of a group, one after the other. Nodes that would make the same of the same inputs,
// because their options are equal or because they decide alike, share one result.
class Visit {
 public:
  // All must outlive it.
  Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample);
  ~Visit();

  // Sets the node's result; false when it shares that of an earlier node. Throws what the stage
  // throws.
  bool make(std::size_t node);

 private:
  class Files;
  struct Made {
    std::size_t node;
    std::vector<void const*> inputs;
    Value decision;  // of a stage in two steps
    std::vector<OutputFile> files;
  };

  std::vector<void const*> inputs_of(PlannedNode const& node) const;
  Made const* equal_to(Made const& wanted, StageInstance const& instance) const;
  void stamp(PlannedNode const& node, NodeResult& result);
  void share(Made const& twin, PlannedNode const& node, NodeResult& result);

  Pipeline const& pipeline_;
  Plan const& plan_;
  RunListener& listener_;
  InFlight& sample_;
  std::vector<Made> made_;
};

}  // namespace seplflow
