#include "engine/plan.hpp"

#include <algorithm>
#include <map>

namespace seplflow {

std::vector<PlannedNode> plan_nodes(Pipeline const& pipeline) {
  std::vector<PlannedNode> nodes;
  // Which node, and which of its values, holds an output of a stage.
  std::map<std::pair<std::size_t, std::size_t>, PlannedNode::Input> made;

  auto const add_source = [&](std::size_t s) {
    PipelineStage const& stage = pipeline.stages[s];
    nodes.push_back({PlannedNode::Work::emit, s, 0, {}, {}, 0, true});
    made[{s, 0}] = {0, 0, true};
    for (std::size_t output = 1; output < stage.wanted.size(); ++output) {
      if (!stage.wanted[output]) continue;
      made[{s, output}] = {nodes.size(), 0, true};
      nodes.push_back({PlannedNode::Work::produce, s, output, {}, {0}, 0, true});
    }
  };
  auto const add_stage = [&](std::size_t s) {
    PipelineStage const& stage = pipeline.stages[s];
    PlannedNode node;
    node.stage = s;
    for (auto const& input : stage.inputs) {
      node.inputs.push_back(input ? made.at({input->stage, input->output})
                                  : PlannedNode::Input{0, 0, false});
      if (!input) continue;
      std::size_t const producer = node.inputs.back().node;
      if (std::ranges::find(node.after, producer) == node.after.end()) {
        node.after.push_back(producer);
      }
    }
    for (std::size_t output = 0; output < stage.wanted.size(); ++output) {
      made[{s, output}] = {nodes.size(), output, true};
    }
    if (stage.declaration->kind == StageKind::observer) node.readers = 1;
    nodes.push_back(std::move(node));
  };

  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].declaration->kind == StageKind::source) add_source(s);
  }
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].declaration->kind != StageKind::source) add_stage(s);
  }
  for (PlannedNode const& node : nodes) {
    for (std::size_t const producer : node.after) {
      ++nodes[producer].readers;
      nodes[producer].at_end = false;
    }
  }
  return nodes;
}

}  // namespace seplflow
