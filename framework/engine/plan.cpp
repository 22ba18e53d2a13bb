#include "engine/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace seplflow {
namespace {

class Planner {
 public:
  Planner(Pipeline const& pipeline, std::vector<bool> const& ends)
      : pipeline_(pipeline), needed_(pipeline.stages.size()) {
    for (std::size_t s = needed_.size(); s-- > 0;) {
      PipelineStage const& stage = pipeline.stages[s];
      if (stage.is_end() && (ends.empty() || ends[s])) needed_[s] = true;
      if (!needed_[s]) continue;
      for (auto const& input : stage.inputs) {
        if (!input) continue;
        needed_[input->stage] = true;
        read_.insert({input->stage, input->output});
      }
    }
  }

  Plan plan() {
    std::size_t const source = pipeline_.source_index();
    add_source(source);
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (needed_[s] && s != source) add_stage(s);
    }
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      plan_.node_of[plan_.nodes[n].part] = n;
    }
    group_nodes();
    return std::move(plan_);
  }

 private:
  void add_source(std::size_t s) {
    PlannedNode emit;
    emit.work = PlannedNode::Work::emit;
    emit.part = {s, 0};
    plan_.nodes.push_back(emit);
    holder_of_[{s, 0}] = {0, 0, true};
    for (std::size_t output = 1; output < pipeline_.stages[s].wanted.size(); ++output) {
      if (!read_.contains({s, output})) continue;
      holder_of_[{s, output}] = {plan_.nodes.size(), 0, true};
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
    node.end = stage.is_end();
    node.loads = stage.declaration->loads;
    if (node.end) node.readers = 1;
    node.computation = number_of_computation(stage);
    for (auto const& input : stage.inputs) {
      node.inputs.push_back(input ? holder_of_.at({input->stage, input->output})
                                  : PlannedNode::Input{0, 0, false});
      if (!input) continue;
      std::size_t const producer = node.inputs.back().node;
      node.level = std::max(node.level, plan_.nodes[producer].level + 1);
      add_once(producer, node.after);
      if (!stage.declaration->inputs[node.inputs.size() - 1].optional) {
        add_once(producer, node.needs);
      }
    }
    for (std::size_t output = 0; output < stage.wanted.size(); ++output) {
      holder_of_[{s, output}] = {plan_.nodes.size(), output, true};
    }
    plan_.nodes.push_back(std::move(node));
  }

  // Returns whether it was not there.
  static bool add_once(std::size_t node, std::vector<std::size_t>& nodes) {
    if (std::ranges::find(nodes, node) != nodes.end()) return false;
    nodes.push_back(node);
    return true;
  }

  std::size_t number_of_computation(PipelineStage const& stage) {
    // An ordered stage may depend on earlier samples, and an object of a serial one may be slow to
    // use from two variants in turn, so they equal no other.
    if (stage.declaration->serial) return next_computation_++;
    auto const [known, is_new] =
        computations_.try_emplace(computation_of(stage), next_computation_);
    if (is_new) ++next_computation_;
    return known->second;
  }

  // A group holds nodes of one level, so that groups cannot wait for each other in a cycle.
  void group_nodes() {
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
      group.ordered = stage.declaration->ordered;
      group_of[n] = found->second;
    }
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      PlannedGroup& group = plan_.groups[group_of[n]];
      for (std::size_t const producer : plan_.nodes[n].after) {
        if (add_once(producer, group.reads)) ++plan_.nodes[producer].readers;
        plan_.groups[group_of[producer]].at_end = false;
        if (std::ranges::find(group.after, group_of[producer]) == group.after.end()) {
          group.after.push_back(group_of[producer]);
        }
      }
    }
  }

  Pipeline const& pipeline_;
  std::vector<bool> needed_;  // by stage
  std::set<Part> read_;       // the outputs that are read
  // The node, and which of its values, that holds an output of a stage.
  std::map<Part, PlannedNode::Input> holder_of_;
  std::map<std::string, std::size_t> computations_;
  std::size_t next_computation_ = 0;
  Plan plan_;
};

}  // namespace

Plan plan_of(Pipeline const& pipeline, std::vector<bool> const& ends) {
  return Planner(pipeline, ends).plan();
}

}  // namespace seplflow
