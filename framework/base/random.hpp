// Random numbers that are the same on every machine and with every standard library.
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

}  // namespace seplflow
