// A sample on its way through the graph, and what happens to it there. Internal to the engine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/plan.hpp"

namespace seplflow {

// In the order of the enumeration.
inline Outcome worse_outcome(Outcome a, Outcome b) {
  return std::max(a, b);
}

// The result of one node for one sample. The node writes it before its group passes the sample on,
// and the nodes after it read it. The counters order these accesses: each reader takes part in a
// read-modify-write after the writer's.
struct NodeResult {
  std::atomic<std::uint32_t> readers{0};  // groups that have yet to read the values
  Outcome outcome = Outcome::done;
  bool own = false;   // the outcome arose here, not in a node before
  // The sample does not have this output of its source, or one that the node needs. The node is
  // skipped, but the sample is not.
  bool absent = false;
  bool idle = false;  // no remaining work needs this node
  std::uint64_t stamp = 0;
  std::shared_ptr<std::vector<Value> const> values;  // null before and without a result
  SharedBytes kept;
  std::string error;
  std::vector<Warning> warnings;
  std::vector<Count> counts;
};

// What becomes of a node because of the nodes that it reads from, if they are not done.
struct OutcomeBefore {
  Outcome outcome = Outcome::done;
  bool absent = false;  // as in NodeResult
};

// `outcome_of` and `is_absent` are functions of a node.
template <class OutcomeOf, class IsAbsent>
OutcomeBefore outcome_before(PlannedNode const& node, OutcomeOf const& outcome_of,
                             IsAbsent const& is_absent) {
  OutcomeBefore before;
  bool is_needed = false;
  for (std::size_t const producer : node.after) {
    if (!is_absent(producer)) {
      before.outcome = worse_outcome(before.outcome, outcome_of(producer));
    } else if (std::ranges::find(node.needs, producer) != node.needs.end()) {
      is_needed = true;
    }
  }
  if (!is_needed || before.outcome != Outcome::done) return before;
  return {Outcome::skipped, true};
}

// The message that travels along the graph's edges; all copies share one sample.
struct InFlight {
  InFlight(std::uint64_t number, Sample emitted, Plan const& plan)
      : sequence(number),
        sample(std::make_shared<Sample const>(std::move(emitted))),
        results(std::make_unique<NodeResult[]>(plan.nodes.size())),
        missing(std::make_unique<std::atomic<std::uint32_t>[]>(plan.groups.size())) {}

  std::uint64_t sequence;  // without gaps, from 0
  std::shared_ptr<Sample const> sample;
  std::unique_ptr<NodeResult[]> results;                  // by node
  std::unique_ptr<std::atomic<std::uint32_t>[]> missing;  // by group: messages yet to come
  std::atomic<std::uint32_t> ends_missing{0};             // groups at the end yet to come
  std::atomic<bool> begun{false};                         // whether more than loading has begun
};

using Message = std::shared_ptr<InFlight>;

// Restores the results of a sample from the memories of an earlier run, and marks the nodes that no
// remaining work needs as idle.
void restore_results(std::vector<StageMemory> const& memories, Pipeline const& pipeline,
                     Plan const& plan, InFlight& sample);

// Runs nodes of a group, one after the other. Nodes share one result when they would compute the same
// from the same inputs, because their options are equal or because their decisions are.
class Visit {
 public:
  // `nodes` are those of a group that have work to do, in its order. All must outlive it.
  Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample,
        std::vector<std::size_t> const& nodes);
  ~Visit();

  // Whether the i-th of the nodes shares the result of an earlier one, and nothing needs to be called
  // for that. Its result is then set.
  bool share(std::size_t i);
  // Sets the result of the i-th node. Returns false when it shares that of an earlier node. Throws
  // what the stage throws.
  bool compute(std::size_t i);

 private:
  class Files;
  struct Turn;

  // Sets the result of an output of the source.
  void produce(PlannedNode const& node, NodeResult& result);
  // Writes the files of a sink, or saves the record of an observer.
  SharedBytes keep(std::size_t stage, std::vector<OutputFile> const& files,
                   NodeResult const& result) const;
  void const* input_of(PlannedNode::Input const& input) const;
  void decide(Turn& turn) const;
  void look_ahead();
  void carry_out_all(std::vector<std::size_t> const& firsts);
  bool is_sink(std::size_t node) const;
  bool is_like(Turn const& earlier, Turn const& turn) const;
  void stamp(PlannedNode const& node, NodeResult& result);
  void share_result(Turn const& from, std::size_t node);

  Pipeline const& pipeline_;
  Plan const& plan_;
  RunListener& listener_;
  InFlight& sample_;
  StageInstance const* any_;         // of the nodes, which are of one declaration
  std::vector<void const*> inputs_;  // of all turns
  std::vector<Turn> turns_;          // one for each node
  bool looked_ahead_ = false;
};

// Folds the records of a sample, reports its outcome to the listener, and counts it. Called in data
// set order from one thread at a time, so that nothing it does depends on the number of threads.
class Retirement {
 public:
  // All must outlive it.
  Retirement(Pipeline const& pipeline, Plan const& plan, RunListener& listener);

  // The reason for stopping the run, if there is one: the sample could not be folded or recorded,
  // or too many have failed.
  std::optional<std::string> retire(InFlight& sample);

  // The counts of the samples so far.
  RunTotals const& totals() const { return totals_; }

 private:
  struct Entry;

  Retired outcome_of(InFlight& sample) const;
  void report(InFlight& sample, Retired& retired);
  void keep_record(PlannedNode const& node, NodeResult const& result, Retired& retired);
  void add_to_tables(std::vector<std::size_t> const& nodes, InFlight const& sample);
  Entry entry_of(std::size_t n, InFlight const& sample);
  void count(InFlight const& sample, Retired const& retired);
  bool is_absent_output(std::size_t n, InFlight const& sample) const;
  bool is_lost_before(PlannedNode const& node, InFlight const& sample) const;
  void count_variants(InFlight const& sample);
  void add_up(Retired const& retired);
  std::optional<std::string> too_many_failures() const;

  Pipeline const& pipeline_;
  Plan const& plan_;
  RunListener& listener_;
  bool report_failed_ = false;
  std::vector<bool> has_notes_;  // of the lists of sinks, by stage
  RunTotals totals_;
};

}  // namespace seplflow
