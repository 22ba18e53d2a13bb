// A sample on its way through the graph. Internal to the engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/plan.hpp"

namespace seplflow {

Outcome worse_outcome(Outcome a, Outcome b);

// The result of one node for one sample. The node writes it before its group passes the sample on,
// and the nodes after it read it. The counters order these accesses: each reader takes part in a
// read-modify-write after the writer's.
struct NodeResult {
  std::atomic<std::uint32_t> readers{0};  // nodes that have yet to read the values
  Outcome outcome = Outcome::done;
  bool own = false;   // the outcome arose here, not in a node before
  bool idle = false;  // no remaining work needs this node
  std::uint64_t stamp = 0;
  std::vector<Value> values;
  SharedBytes kept;
  std::string error;
  std::vector<Warning> warnings;
};

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

}  // namespace seplflow
