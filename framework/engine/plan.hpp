// The nodes that a pipeline becomes. Internal to the engine.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

// A unit of work on a sample: a stage, or one output of the source. A source whose ground truth and
// image are both wanted is three nodes, so that they are decoded in parallel and only when wanted.
struct PlannedNode {
  enum class Work { emit, produce, run };
  struct Input {
    std::size_t node, value;  // a node, and which of its values
    bool connected = true;
  };

  Work work = Work::run;
  Part part;
  std::vector<Input> inputs;       // for run: as declared
  std::vector<std::size_t> after;  // the nodes that it reads from, each once
  std::vector<std::size_t> needs;  // those of them that an input reads which is not optional
  std::size_t level = 0;           // the length of the longest path to it
  std::size_t computation = 0;     // equal for nodes that compute the same from the same inputs
  std::size_t readers = 0;         // how many groups read its values; retirement those of an end
  bool end = false;                // an observer or a sink
  bool loads = false;              // an output of the source, or a stage that loads
};

// Nodes that process a sample together: the same stage in several variants, which may find that
// they have the same work to do.
struct PlannedGroup {
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> reads;  // the nodes that its nodes read from, each once
  std::vector<std::size_t> after;  // the groups that it waits for, each once
  bool serial = false, ordered = false;
  bool at_end = true;  // no group waits for it
};

struct Plan {
  std::vector<PlannedNode> nodes;       // node 0 emits; nodes come after those that they read from
  std::vector<PlannedGroup> groups;     // group 0 emits
  std::map<Part, std::size_t> node_of;  // all nodes by their parts
};

// `ends` is EngineOptions::ends; stages that no end needs have no node.
Plan plan_of(Pipeline const& pipeline, std::vector<bool> const& ends);

}  // namespace seplflow
