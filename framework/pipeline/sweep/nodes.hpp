// The stages of all variants as one graph: what is equal is there once. Internal to the pipeline
// layer.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "pipeline/draft.hpp"

namespace seplflow {

// Stages before they have options: equal are those of one entry that read from equal ones.
class Nodes {
 public:
  struct Node {
    Draft draft;                        // its inputs are nodes
    std::vector<std::size_t> variants;  // ascending
  };

  // Adds the stages of a variant, wired and ordered, and numbered by `entries`; its stages as
  // nodes come back. Variants come in ascending order.
  std::vector<std::size_t> add(std::size_t variant, Drafts const& drafts,
                               std::vector<std::size_t> const& order,
                               std::vector<StageEntry const*> const& entries);

  // A stage of a variant whose wiring has mistakes: there to be configured, and to be no input.
  void add_loose(std::size_t variant, std::size_t wiring, Draft const& draft,
                 StageEntry const& entry);

  std::vector<Node>& list() { return nodes_; }

 private:
  // What a node is: its entry, and what it reads from.
  using Key = std::vector<std::size_t>;

  std::size_t node_of(Key key, Draft const& draft, StageEntry const& entry, std::size_t variant);

  std::vector<Node> nodes_;
  std::map<Key, std::size_t> index_;
};

// The stages of a pipeline: the nodes, of which those that turned out equal in use, options and
// inputs are one. `variants` are the nodes of each variant and become places in the result.
// A stage of which more outputs are wanted than when it was configured is configured anew by
// `configure`.
std::vector<PipelineStage> merge(std::vector<Nodes::Node> nodes,
                                 std::vector<std::vector<std::size_t>>& variants,
                                 std::function<void(Nodes::Node&)> const& configure);

}  // namespace seplflow
