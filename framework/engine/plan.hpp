// The nodes that a pipeline becomes. Internal to the engine.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// A unit of work on a sample: a stage, or one output of the source. A source whose truth and image
// are both wanted is three nodes, so that they are decoded side by side and only when wanted.
struct PlannedNode {
  enum class Work { emit, produce, run };
  struct Input {
    std::size_t node, value;  // a node, and which of its values
    bool connected = true;
  };

  Work work = Work::run;
  std::size_t stage = 0;
  std::size_t output = 0;          // of the source, for produce
  std::vector<Input> inputs;       // for run: as declared
  std::vector<std::size_t> after;  // nodes it waits for, each once
  std::size_t readers = 0;         // how many wait for it, and retirement for an observer
  bool at_end = true;              // nothing waits for it
};

// Node 0 emits; nodes come after those that they wait for.
std::vector<PlannedNode> plan_nodes(Pipeline const& pipeline);

}  // namespace seplflow
