#include "pipeline/sweep/nodes.hpp"

#include <cstdint>
#include <unordered_map>

#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

// Ors `more` in; whether that changed anything.
bool widen(std::vector<bool>& wanted, std::vector<bool> const& more) {
  bool changed = false;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (!more[i] || wanted[i]) continue;
    wanted[i] = true;
    changed = true;
  }
  return changed;
}

// Equal for stages that do the same.
std::string identity(PipelineStage const& stage) {
  std::string text = stage.name + "\n" + stage.declaration->name;
  text += !stage.on_error ? "\n" : *stage.on_error == OnError::skip ? "\nskip" : "\nstop";
  for (auto const& input : stage.inputs) {
    text += input ? " " + std::to_string(input->stage) + "." + std::to_string(input->output) : " -";
  }
  for (std::size_t i = 0; i < stage.declaration->options.size(); ++i) {
    auto const value = stage.instance->option(i);
    text += "\n";
    if (value) text += toml_text(*value);
  }
  return text;
}

}  // namespace

std::vector<std::size_t> Nodes::add(std::size_t variant, Drafts const& drafts,
                                    std::vector<std::size_t> const& order,
                                    std::vector<StageEntry const*> const& entries) {
  std::vector<std::size_t> nodes(entries.size());
  for (std::size_t const i : order) {
    Draft const& draft = drafts.list[i];
    Key key = {reinterpret_cast<std::uintptr_t>(entries[i])};
    for (auto const& input : draft.stage.inputs) {
      key.push_back(input ? nodes[input->stage] + 1 : 0);
      key.push_back(input ? input->output : 0);
    }
    nodes[i] = node_of(std::move(key), draft, *entries[i], variant);
    Draft& node = nodes_[nodes[i]].draft;
    if (nodes_[nodes[i]].variants.size() == 1) {
      for (auto& input : node.stage.inputs) {
        if (input) input->stage = nodes[input->stage];
      }
    }
    widen(node.stage.wanted, draft.stage.wanted);
  }
  return nodes;
}

void Nodes::add_loose(std::size_t variant, std::size_t wiring, Draft const& draft,
                      StageEntry const& entry) {
  // The keys above have an odd length.
  node_of({reinterpret_cast<std::uintptr_t>(&entry), wiring}, draft, entry, variant);
}

std::size_t Nodes::node_of(Key key, Draft const& draft, StageEntry const& entry,
                           std::size_t variant) {
  auto const [known, is_new] = index_.emplace(std::move(key), nodes_.size());
  if (is_new) {
    nodes_.push_back({draft, {}});
    nodes_.back().draft.entry = &entry;
  }
  nodes_[known->second].variants.push_back(variant);
  return known->second;
}

std::vector<PipelineStage> merge(std::vector<Nodes::Node> nodes,
                                 std::vector<std::vector<std::size_t>>& variants,
                                 std::function<void(Nodes::Node&)> const& configure) {
  std::vector<std::size_t> kept, place(nodes.size());
  std::vector<bool> widened;
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    PipelineStage& stage = nodes[i].draft.stage;
    for (auto& input : stage.inputs) {
      if (input) input->stage = place[input->stage];
    }
    auto const [same, is_new] = known.emplace(identity(stage), kept.size());
    place[i] = same->second;
    if (is_new) {
      kept.push_back(i);
      widened.push_back(false);
    } else if (widen(nodes[kept[place[i]]].draft.stage.wanted, stage.wanted)) {
      widened[place[i]] = true;
    }
  }
  std::vector<PipelineStage> stages;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (widened[i]) configure(nodes[kept[i]]);
    stages.push_back(std::move(nodes[kept[i]].draft.stage));
    stages.back().variants.clear();
  }
  for (std::size_t variant = 0; variant < variants.size(); ++variant) {
    for (std::size_t& stage : variants[variant]) {
      stage = place[stage];
      stages[stage].variants.push_back(variant);
    }
  }
  return stages;
}

}  // namespace seplflow
