#include <map>

#include <seplflow/bytes.hpp>

#include "base/error_of.hpp"
#include "engine/in_flight.hpp"
#include "pipeline/current_work.hpp"

namespace seplflow {
namespace {

// Records of stages that fold, by what computes them and their bytes: equal results share both.
using Records = std::map<std::pair<std::size_t, SharedBytes>, Value>;

// Whether the memory settles the node: nothing remains to be done there.
bool restore_node(StageMemory const& memory, PlannedNode const& node, PipelineStage const& stage,
                  Records& records, InFlight& sample, NodeResult& result) {
  result.stamp = memory.stamp;
  result.warnings = memory.warnings;
  result.counts = memory.counts;
  if (memory.outcome != Outcome::done) {
    result.outcome = memory.outcome;
    result.own = true;
    result.absent = node.work == PlannedNode::Work::produce && memory.outcome == Outcome::skipped;
    if (memory.outcome == Outcome::failed) result.error = *memory.kept;
    return true;
  }
  if (!node.end || !memory.kept) return false;
  if (stage.declaration->folds) {
    Value& record = records[{node.computation, memory.kept}];
    // A stage whose record can no longer be read works again.
    auto const load = [&] {
      CurrentWork const current(stage, sample.sample->id);
      bool const has_files = stage.declaration->kind == StageKind::sink;
      record = stage.instance->load(has_files ? split_kept(*memory.kept).record : *memory.kept);
    };
    if (!record && error_of(load)) return false;
    result.values = std::make_shared<std::vector<Value> const>(1, record);
  }
  result.kept = memory.kept;
  return true;
}

void mark_idle_nodes(std::vector<bool> const& settled, Plan const& plan, InFlight& sample) {
  // Where a stage lost the sample, everything after it is settled too.
  std::vector<bool> lost(plan.nodes.size()), absent(plan.nodes.size()), needed(plan.nodes.size());
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    OutcomeBefore const before = outcome_before(
        plan.nodes[n],
        [&](std::size_t node) { return lost[node] ? Outcome::skipped : Outcome::done; },
        [&](std::size_t node) { return absent[node]; });
    bool const is_lost_here = settled[n] && sample.results[n].outcome != Outcome::done;
    lost[n] = is_lost_here || before.outcome != Outcome::done;
    absent[n] = before.absent || (is_lost_here && sample.results[n].absent);
  }
  for (std::size_t n = plan.nodes.size(); n-- > 0;) {
    if (plan.nodes[n].end && !settled[n] && !lost[n]) needed[n] = true;
    sample.results[n].idle = !needed[n];
    if (!needed[n]) continue;
    for (std::size_t const producer : plan.nodes[n].after) needed[producer] = true;
  }
}

}  // namespace

std::string join_kept(KeptOfSink const& kept) {
  return ByteWriter().text(kept.files).text(kept.record).take();
}

KeptOfSink split_kept(std::string_view bytes) {
  ByteReader reader(bytes);
  std::string_view const files = reader.text(), record = reader.text();
  reader.end();
  return {files, record};
}

void restore_results(std::vector<StageMemory> const& memories, Pipeline const& pipeline,
                     Plan const& plan, InFlight& sample) {
  if (memories.empty()) return;
  std::vector<bool> settled(plan.nodes.size());
  Records records;
  for (StageMemory const& memory : memories) {
    auto const found = plan.node_of.find(memory.part);
    if (found == plan.node_of.end()) continue;
    std::size_t const n = found->second;
    PipelineStage const& stage = pipeline.stages[memory.part.stage];
    NodeResult& result = sample.results[n];
    if (restore_node(memory, plan.nodes[n], stage, records, sample, result)) settled[n] = true;
  }
  mark_idle_nodes(settled, plan, sample);
}

}  // namespace seplflow
