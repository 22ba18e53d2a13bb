// The work of one group of nodes on one sample. Internal to the engine.
#pragma once

#include <optional>
#include <vector>

#include "engine/engine.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"

namespace seplflow {

// Runs the nodes of a group, one after the other. Nodes share one result when they would compute
// the same from the same inputs, because their options are equal or because their decisions are.
class Visit {
 public:
  // All must outlive it.
  Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample);
  ~Visit();

  // Sets the node's result. Returns false when it shares that of an earlier node. Throws what the
  // stage throws.
  bool compute(std::size_t node);

 private:
  class Files;
  // The call of a stage by a node: what it depends on, and the files that it wrote.
  struct Call {
    std::size_t node;
    std::vector<void const*> inputs;
    Value decision;  // of a stage in two steps
    std::vector<OutputFile> files;
  };

  // Writes the files of a sink, or saves the record of an observer.
  SharedBytes keep(std::size_t stage, Call const& call, NodeResult const& result) const;
  std::vector<void const*> inputs_of(PlannedNode const& node) const;
  Call const* find_equal(Call const& call, StageInstance const& instance) const;
  void stamp(PlannedNode const& node, NodeResult& result);
  void share_result(Call const& from, PlannedNode const& node, NodeResult& result);

  Pipeline const& pipeline_;
  Plan const& plan_;
  RunListener& listener_;
  InFlight& sample_;
  std::vector<Call> calls_;
};

}  // namespace seplflow
