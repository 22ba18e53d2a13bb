// The random numbers of faults: a stream for each fault and sample.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/random.hpp"

namespace seplflow {

enum class Fault : std::uint64_t {
  thin_background = 1,
  missing,
  parts_only,
  merged,
  enveloping,
  jitter,
  swapped,
  partial,
  halo,
  shifted,
  blobs,
};

inline std::uint64_t fault_seed(std::uint64_t seed, std::string_view sample) {
  for (char const c : sample) seed = seed_of(seed, static_cast<unsigned char>(c));
  return seed;
}

inline Random fault_stream(std::uint64_t seed, Fault fault) {
  return Random(seed_of(seed, static_cast<std::uint64_t>(fault)));
}

}  // namespace seplflow
