#include "engine/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace seplflow {
namespace {

bool is_end(PipelineStage const& stage) {
  StageKind const kind = stage.declaration->kind;
  return kind == StageKind::observer || kind == StageKind::sink;
}

using Options = std::vector<std::optional<OptionValue>>;

Options options_of(PipelineStage const& stage) {
  Options options;
  for (std::size_t i = 0; i < stage.declaration->options.size(); ++i) {
    options.push_back(stage.instance->option(i));
  }
  return options;
}

class Planner {
 public:
  Planner(Pipeline const& pipeline, std::vector<bool> const& ends)
      : pipeline_(pipeline), needed_(pipeline.stages.size()) {
    for (std::size_t s = needed_.size(); s-- > 0;) {
      PipelineStage const& stage = pipeline.stages[s];
      if (is_end(stage) && (ends.empty() || ends[s])) needed_[s] = true;
      if (!needed_[s]) continue;
      for (auto const& input : stage.inputs) {
        if (!input) continue;
        needed_[input->stage] = true;
        read_.insert({input->stage, input->output});
      }
    }
  }

  Plan plan() {
    std::size_t const source =
        static_cast<std::size_t>(&pipeline_.source() - pipeline_.stages.data());
    add_source(source);
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (needed_[s] && s != source) add_stage(s);
    }
    for (PlannedNode const& node : plan_.nodes) {
      for (std::size_t const producer : node.after) ++plan_.nodes[producer].readers;
    }
    group();
    return std::move(plan_);
  }

 private:
  void add_source(std::size_t s) {
    PlannedNode emit;
    emit.work = PlannedNode::Work::emit;
    emit.part = {s, 0};
    plan_.nodes.push_back(emit);
    made_[{s, 0}] = {0, 0, true};
    for (std::size_t output = 1; output < pipeline_.stages[s].wanted.size(); ++output) {
      if (!read_.contains({s, output})) continue;
      made_[{s, output}] = {plan_.nodes.size(), 0, true};
      PlannedNode produce;
      produce.work = PlannedNode::Work::produce;
      produce.part = {s, output};
      produce.after = {0};
      produce.level = 1;
      produce.loads = true;
      plan_.nodes.push_back(std::move(produce));
    }
  }

  void add_stage(std::size_t s) {
    PipelineStage const& stage = pipeline_.stages[s];
    PlannedNode node;
    node.part = {s, 0};
    node.end = is_end(stage);
    node.loads = std::ranges::all_of(stage.declaration->inputs, [](Port const& input) {
      return input.type == PortType<Sample>::name || input.type == PortType<ImageLabels>::name;
    });
    if (node.end) node.readers = 1;
    node.kind = kind_of(stage);
    for (auto const& input : stage.inputs) {
      node.inputs.push_back(input ? made_.at({input->stage, input->output})
                                  : PlannedNode::Input{0, 0, false});
      if (!input) continue;
      std::size_t const producer = node.inputs.back().node;
      node.level = std::max(node.level, plan_.nodes[producer].level + 1);
      if (std::ranges::find(node.after, producer) == node.after.end()) {
        node.after.push_back(producer);
      }
    }
    for (std::size_t output = 0; output < stage.wanted.size(); ++output) {
      made_[{s, output}] = {plan_.nodes.size(), output, true};
    }
    plan_.nodes.push_back(std::move(node));
  }

  // A stage that keeps something from sample to sample is equal to none.
  std::size_t kind_of(PipelineStage const& stage) {
    if (stage.declaration->serial) return next_kind_++;
    auto const [kind, is_new] =
        kinds_.try_emplace({stage.declaration, options_of(stage)}, next_kind_);
    if (is_new) ++next_kind_;
    return kind->second;
  }

  // A group holds one level, so that groups cannot wait for each other in a circle.
  void group() {
    using Key = std::tuple<PlannedNode::Work, std::size_t, std::size_t, std::string,
                           StageDeclaration const*>;
    std::map<Key, std::size_t> groups;
    std::vector<std::size_t> group_of(plan_.nodes.size());
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      PlannedNode const& node = plan_.nodes[n];
      PipelineStage const& stage = pipeline_.stages[node.part.stage];
      Key const key{node.work, node.level, node.part.output, stage.name, stage.declaration};
      auto const [found, is_new] = groups.try_emplace(key, plan_.groups.size());
      if (is_new) plan_.groups.emplace_back();
      PlannedGroup& group = plan_.groups[found->second];
      group.nodes.push_back(n);
      group.serial = stage.declaration->serial && node.work != PlannedNode::Work::emit;
      group_of[n] = found->second;
    }
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      PlannedGroup& group = plan_.groups[group_of[n]];
      for (std::size_t const producer : plan_.nodes[n].after) {
        plan_.groups[group_of[producer]].at_end = false;
        if (std::ranges::find(group.after, group_of[producer]) == group.after.end()) {
          group.after.push_back(group_of[producer]);
        }
      }
    }
  }

  Pipeline const& pipeline_;
  std::vector<bool> needed_;                            // by stage
  std::set<std::pair<std::size_t, std::size_t>> read_;  // outputs that are read
  // Which node, and which of its values, holds an output of a stage.
  std::map<std::pair<std::size_t, std::size_t>, PlannedNode::Input> made_;
  std::map<std::pair<StageDeclaration const*, Options>, std::size_t> kinds_;
  std::size_t next_kind_ = 0;
  Plan plan_;
};

}  // namespace

Plan plan_of(Pipeline const& pipeline, std::vector<bool> const& ends) {
  return Planner(pipeline, ends).plan();
}

}  // namespace seplflow
