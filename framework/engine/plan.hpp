// The nodes that a pipeline becomes. Internal to the engine.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/engine.hpp"
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
  Part part;
  std::vector<Input> inputs;       // for run: as declared
  std::vector<std::size_t> after;  // nodes that it reads from, each once
  std::size_t level = 0;           // the most nodes on a way to it
  std::size_t kind = 0;            // equal for nodes that make equal results of equal inputs
  std::size_t readers = 0;         // how many read its values, and retirement for an end
  bool end = false;                // an observer or a sink
  bool loads = false;  // an output of the source, or a stage that sees nothing of it but
                       // the sample and its image-level labels
};

// Nodes that are visited together: the same stage in several variants. Together they see which of
// them have the same to do with a sample.
struct PlannedGroup {
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> after;  // groups that it waits for, each once
  bool serial = false;
  bool at_end = true;  // nothing waits for it
};

struct Plan {
  std::vector<PlannedNode> nodes;    // node 0 emits; nodes come after those that they read from
  std::vector<PlannedGroup> groups;  // group 0 emits
};

// `ends` is EngineOptions::ends; stages that no end needs have no node.
Plan plan_of(Pipeline const& pipeline, std::vector<bool> const& ends);

}  // namespace seplflow
