// Random numbers and noise that are the same on every machine and with every standard library.
#pragma once

#include <cstdint>

namespace seplflow {

// Scrambles 64 bits (the finaliser of splitmix64).
constexpr std::uint64_t scrambled(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

// One seed out of two; the order matters.
constexpr std::uint64_t seed_of(std::uint64_t a, std::uint64_t b) {
  return scrambled(scrambled(a + 0x9e3779b97f4a7c15u) ^ (b * 0xd6e8feb86659fd93u + 1));
}

// splitmix64. The standard's distributions are not used: their results differ by library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() { return scrambled(state_ += 0x9e3779b97f4a7c15u); }

  // In [0, 1), [low, high), and 0 .. count - 1.
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double real(double low, double high) { return low + (high - low) * unit(); }
  int below(int count) {
    return static_cast<int>(((bits() >> 32) * static_cast<std::uint64_t>(count)) >> 32);
  }
  bool chance(double probability) { return unit() < probability; }

 private:
  std::uint64_t state_;
};

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
