#include "engine/recollection.hpp"

#include "base/error_of.hpp"

namespace seplflow {

Recollection::Recollection(Pipeline const& pipeline, Plan const& plan)
    : pipeline_(pipeline), plan_(plan) {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) node_of_[plan_.nodes[n].part] = n;
}

void Recollection::apply(std::vector<StageMemory> const& memories, InFlight& sample) const {
  if (memories.empty()) return;
  std::vector<bool> settled(plan_.nodes.size());
  // Equal results share their bytes, and so will what is made of them.
  std::map<std::pair<std::size_t, SharedBytes>, Value> records;
  for (StageMemory const& memory : memories) {
    auto const found = node_of_.find(memory.part);
    if (found == node_of_.end()) continue;
    PlannedNode const& node = plan_.nodes[found->second];
    NodeResult& result = sample.results[found->second];
    PipelineStage const& stage = pipeline_.stages[memory.part.stage];
    result.stamp = memory.stamp;
    if (memory.outcome != Outcome::done) {
      result.outcome = memory.outcome;
      result.own = true;
      if (memory.outcome == Outcome::failed) result.error = *memory.kept;
      settled[found->second] = true;
    } else if (node.end && memory.kept) {
      if (stage.declaration->kind == StageKind::observer) {
        Value& record = records[{node.kind, memory.kept}];
        // Bytes that are no record any more are as good as none.
        if (!record && error_of([&] { record = stage.instance->load(*memory.kept); })) continue;
        result.values.push_back(record);
      }
      result.kept = memory.kept;
      settled[found->second] = true;
    }
  }
  mark_idle(settled, sample);
}

void Recollection::mark_idle(std::vector<bool> const& settled, InFlight& sample) const {
  // What is below a stage that lost the sample is settled with it.
  std::vector<bool> lost(plan_.nodes.size()), needed(plan_.nodes.size());
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    lost[n] = settled[n] && sample.results[n].outcome != Outcome::done;
    for (std::size_t const producer : plan_.nodes[n].after) {
      if (lost[producer]) lost[n] = true;
    }
  }
  for (std::size_t n = plan_.nodes.size(); n-- > 0;) {
    if (plan_.nodes[n].end && !settled[n] && !lost[n]) needed[n] = true;
    sample.results[n].idle = !needed[n];
    if (!needed[n]) continue;
    for (std::size_t const producer : plan_.nodes[n].after) needed[producer] = true;
  }
}

}  // namespace seplflow
