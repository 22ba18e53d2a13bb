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

// The worse of two outcomes.
Outcome worse(Outcome a, Outcome b);

// What one node made of one sample. Written by the node that owns it before its group passes the
// sample on; read by the nodes after it. The counters order these accesses: each reader takes part
// in a read-modify-write after the writer's.
struct NodeResult {
  std::atomic<std::uint32_t> readers{0};  // nodes that have yet to read the values
  Outcome outcome = Outcome::done;
  bool own = false;   // the outcome arose here, not before
  bool idle = false;  // nothing that is still to be done needs this node
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
