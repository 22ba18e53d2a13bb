#include "pipeline/sweep/merge_stages.hpp"

#include <string>
#include <tuple>

namespace seplflow {
namespace {

// Adds the outputs that are wanted in `more`. Whether that changed anything.
bool widen(std::vector<bool>& wanted, std::vector<bool> const& more) {
  bool changed = false;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (!more[i] || wanted[i]) continue;
    wanted[i] = true;
    changed = true;
  }
  return changed;
}

// Equal for stages that do the same in the same place of the graph.
auto identity_of(PipelineStage const& stage) {
  return std::tuple(stage.name, computation_of(stage), stage.on_error, stage.inputs);
}

}  // namespace

std::vector<std::size_t> Nodes::add(std::size_t variant, DraftSet const& wiring,
                                    std::vector<Sweep::Entry const*> const& entries) {
  std::vector<std::size_t> nodes(entries.size());
  if (!wiring.is_sound) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      StageEntry const& entry = entries[i]->settings;
      nodes[i] = node_of(LooseKey{&entry, &wiring}, loose_, variant, wiring.drafts[i], entry);
    }
    return nodes;
  }
  for (std::size_t const i : wiring.order) {
    StageEntry const& entry = entries[i]->settings;
    NodeKey key{&entry, wiring.drafts[i].stage.inputs};
    for (auto& input : key.inputs) {
      if (input) input->stage = nodes[input->stage];
    }
    auto const inputs = key.inputs;
    nodes[i] = node_of(std::move(key), index_, variant, wiring.drafts[i], entry);
    PipelineStage& node = nodes_[nodes[i]].stage;
    node.inputs = inputs;
    widen(node.wanted, wiring.drafts[i].stage.wanted);
  }
  return nodes;
}

template <class Key>
std::size_t Nodes::node_of(Key key, std::map<Key, std::size_t>& index, std::size_t variant,
                           Draft const& draft, StageEntry const& entry) {
  auto const [known, is_new] = index.emplace(std::move(key), nodes_.size());
  if (is_new) {
    nodes_.push_back(draft);
    nodes_.back().entry = &entry;
  }
  nodes_[known->second].stage.variants.push_back(variant);
  return known->second;
}

std::vector<PipelineStage const*> Nodes::configured_stages() const {
  std::vector<PipelineStage const*> stages;
  for (Draft const& node : nodes_) {
    if (node.configured) stages.push_back(&node.stage);
  }
  return stages;
}

std::vector<PipelineStage> merge_equal_stages(std::vector<Draft> nodes,
                                              std::vector<Variant>& variants,
                                              std::function<void(Draft&)> const& configure) {
  std::vector<std::size_t> kept, place(nodes.size());
  std::vector<bool> widened;
  std::map<decltype(identity_of(nodes[0].stage)), std::size_t> known;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    PipelineStage& stage = nodes[i].stage;
    for (auto& input : stage.inputs) {
      if (input) input->stage = place[input->stage];
    }
    auto const [same, is_new] = known.emplace(identity_of(stage), kept.size());
    place[i] = same->second;
    if (is_new) {
      kept.push_back(i);
      widened.push_back(false);
    } else if (widen(nodes[kept[place[i]]].stage.wanted, stage.wanted)) {
      widened[place[i]] = true;
    }
  }
  std::vector<PipelineStage> stages;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (widened[i]) configure(nodes[kept[i]]);
    stages.push_back(std::move(nodes[kept[i]].stage));
    stages.back().variants.clear();
  }
  for (std::size_t variant = 0; variant < variants.size(); ++variant) {
    for (std::size_t& stage : variants[variant].stages) {
      stage = place[stage];
      stages[stage].variants.push_back(variant);
    }
  }
  return stages;
}

}  // namespace seplflow
