// A sample on its way through the graph. Internal to the engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace seplflow {

// The worse of two outcomes.
Outcome worse(Outcome a, Outcome b);

// What one node made of one sample. Written by the node that owns it before it passes the sample
// on; read by the nodes after it. The counters order these accesses: each reader takes part in a
// read-modify-write after the writer's.
struct NodeResult {
  std::atomic<std::uint32_t> missing{0};  // inputs that have not come yet
  std::atomic<std::uint32_t> readers{0};  // nodes that have yet to read the values
  Outcome outcome = Outcome::done;
  bool own = false;  // the outcome arose here, not before
  std::vector<Value> values;
  std::string error;
};

// The message that travels along the graph's edges; all copies share one sample.
struct InFlight {
  InFlight(std::uint64_t number, Sample emitted, std::size_t nodes)
      : sequence(number),
        sample(std::make_shared<Sample const>(std::move(emitted))),
        results(std::make_unique<NodeResult[]>(nodes)) {}

  std::uint64_t sequence;  // without gaps, from 0
  std::shared_ptr<Sample const> sample;
  std::unique_ptr<NodeResult[]> results;       // by node
  std::atomic<std::uint32_t> ends_missing{0};  // nodes at the graph's end that have not run yet
};

using Message = std::shared_ptr<InFlight>;

}  // namespace seplflow
