// Noise that is the same on every machine and with every standard library.
#pragma once

#include <cstdint>

#include "base/random.hpp"

namespace seplflow {

// Value noise: random values on the integer lattice, smoothly joined.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : seed_(static_cast<std::uint32_t>(scrambled(seed))) {}

  // In -1 .. 1; features are about one unit wide.
  float at(double x, double y) const {
    int const column = lower(x), row = lower(y);
    float const u = eased(static_cast<float>(x - column));
    float const v = eased(static_cast<float>(y - row));
    float const top = value(column, row) * (1 - u) + value(column + 1, row) * u;
    float const bottom = value(column, row + 1) * (1 - u) + value(column + 1, row + 1) * u;
    return top * (1 - v) + bottom * v;
  }

  // Three octaves, in -1 .. 1.
  float rough_at(double x, double y) const {
    return (4 * at(x, y) + 2 * at(2 * x + 17, 2 * y + 5) + at(4 * x + 3, 4 * y + 29)) / 7;
  }

  // The lattice's own values, in -1 .. 1.
  float value(int column, int row) const {
    std::uint32_t bits = seed_ ^ (static_cast<std::uint32_t>(column) * 0x8da6b343u) ^
                         (static_cast<std::uint32_t>(row) * 0xd8163841u);
    bits = (bits ^ (bits >> 15)) * 0x2c1b3c6du;
    bits = (bits ^ (bits >> 12)) * 0x297a2d39u;
    bits ^= bits >> 15;
    return static_cast<float>(bits >> 8) * 0x1p-23f - 1;
  }

 private:
  static int lower(double x) {
    int const truncated = static_cast<int>(x);
    return truncated - (x < truncated);
  }
  static float eased(float t) { return t * t * (3 - 2 * t); }

  std::uint32_t seed_;
};

}  // namespace seplflow
