// Ranges of a sweep, in decimal arithmetic: 0.6 to 0.9 by 0.05 ends at 0.9.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace seplflow {

class Range {
 public:
  // The numbers as decimals, "0.05" or "1e-05". Throws Error, saying what to do, when `step` is 0
  // or leads away from `to`, or when the numbers are too far apart for exact arithmetic.
  Range(std::string_view from, std::string_view to, std::string_view step);

  // How many values; the largest number there is where they are more.
  std::uint64_t count() const { return count_; }
  // A value as a decimal: digits, and maybe an exponent.
  std::string value(std::uint64_t place) const;

 private:
  __extension__ using Number = __int128;  // GCC and Clang have it beyond the standard
  Number from_ = 0, step_ = 0;            // in units of 10 to the exponent_
  int exponent_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace seplflow
