// Checks for infinities and NaN.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

namespace seplflow {

// Whether no value is infinite or NaN. Has no early exit, so that it checks many values at a time.
template <std::floating_point T>
bool all_finite(std::span<T const> values) {
  using Bits = std::conditional_t<sizeof(T) == sizeof(std::uint32_t), std::uint32_t, std::uint64_t>;
  constexpr Bits kExponent = sizeof(T) == sizeof(std::uint32_t)
                                 ? static_cast<Bits>(0x7f800000U)
                                 : static_cast<Bits>(0x7ff0000000000000U);
  Bits bad = 0;
  for (T const value : values) {
    bad |= static_cast<Bits>((std::bit_cast<Bits>(value) & kExponent) == kExponent);
  }
  return bad == 0;
}

}  // namespace seplflow
