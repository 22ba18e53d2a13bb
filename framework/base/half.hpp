// Arithmetic in float16: as numpy does it, every result of float32 is rounded.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace seplflow {

// The float16 (IEEE 754 binary16) nearest to `value`, ties to even; infinite from 65520 on, NaN for
// NaN. A zero may lose its sign.
inline float round_to_half(double value) {
  constexpr double kOverflow = 65520;
  if (!(std::abs(value) < kOverflow)) {
    if (std::isnan(value)) return std::numeric_limits<float>::quiet_NaN();
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value));
  }
  // Neighbouring float16s differ by 2^-10 of the value's power of two, and at least by 2^-24.
  // Around 1.5 * 2^52 times this difference, neighbouring doubles differ by the same amount: adding
  // this number rounds in hardware.
  constexpr int kFraction = 52, kBias = 1023, kHalfFraction = 10, kLeastExponent = -14;
  auto const exponent = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(value) >> kFraction &
                                                  std::uint64_t{0x7ff});
  auto const distance =
      std::max<std::int64_t>(exponent, kBias + kLeastExponent) - kHalfFraction;  // biased
  double const magic =
      std::bit_cast<double>(static_cast<std::uint64_t>(distance + kFraction) << kFraction |
                            std::uint64_t{1} << (kFraction - 1));
  return static_cast<float>((value + magic) - magic);
}

}  // namespace seplflow
