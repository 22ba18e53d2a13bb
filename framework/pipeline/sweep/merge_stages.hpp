// The stages of all variants as one graph, in which equal stages are one node. Internal to the
// pipeline layer.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "pipeline/check.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

// Stages before they are configured. Two stages are one node if they have the same entry and read
// from the same nodes.
class Nodes {
 public:
  // Adds the stages of a variant and returns the node of each. Variants come in ascending order. If
  // the wiring is not sound its stages become nodes too, so that they can be configured, but no
  // other stage reads from them.
  std::vector<std::size_t> add(std::size_t variant, DraftSet const& wiring,
                               std::vector<Sweep::Entry const*> const& entries);

  // Their inputs are nodes.
  std::vector<Draft>& list() { return nodes_; }

  std::vector<PipelineStage const*> configured_stages() const;

 private:
  struct NodeKey {
    StageEntry const* entry;
    std::vector<std::optional<PipelineStage::Input>> inputs;
    auto operator<=>(NodeKey const&) const = default;
  };
  using LooseKey = std::pair<StageEntry const*, DraftSet const*>;

  template <class Key>
  std::size_t node_of(Key key, std::map<Key, std::size_t>& index, std::size_t variant,
                      Draft const& draft, StageEntry const& entry);

  std::vector<Draft> nodes_;
  std::map<NodeKey, std::size_t> index_;
  std::map<LooseKey, std::size_t> loose_;  // of wirings that are not sound
};

// The stages of a pipeline: configured nodes that turn out to be equal become one stage. The stages
// of the variants, which are nodes, become indices into the result. `configure` configures a node
// again if more of its outputs are wanted than before.
std::vector<PipelineStage> merge_equal_stages(std::vector<Draft> nodes,
                                              std::vector<Variant>& variants,
                                              std::function<void(Draft&)> const& configure);

}  // namespace seplflow
