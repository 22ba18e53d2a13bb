// Retires samples that every node has passed on. Internal to the engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"

namespace seplflow {

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
  Retired outcome_of(InFlight& sample) const;
  void report(InFlight& sample, Retired const& retired);
  void add_to_tables(PlannedNode const& node, InFlight const& sample, NodeResult const& result);
  void count(InFlight const& sample, Retired const& retired);
  void count_variants(InFlight const& sample);
  std::optional<std::string> too_many_failures() const;

  Pipeline const& pipeline_;
  Plan const& plan_;
  RunListener& listener_;
  bool report_failed_ = false;
  RunTotals totals_;
};

}  // namespace seplflow
