// Ranges of a sweep, in exact decimal arithmetic: 0.6 to 0.9 by 0.05 ends at 0.9.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace seplflow {

class Range {
 public:
  // The numbers are decimals without an exponent, such as "3" or "-0.05". Throws Error, saying what
  // to do, when `step` is 0 or leads away from `to`, or when the numbers together have too many
  // digits.
  Range(std::string const& from, std::string const& to, std::string const& step);

  // The number of values, or the largest number possible if there are more.
  std::uint64_t count() const { return count_; }
  // Whether all three numbers are integers.
  bool has_integers() const { return decimals_ == 0; }

  template <class T>
  T value(std::uint64_t place) const {
    // Unsigned numbers may overflow on the way to a value that does not.
    std::uint64_t const digits = static_cast<std::uint64_t>(from_) + place * step_;
    std::string text = std::to_string(static_cast<std::int64_t>(digits));
    if (!has_integers()) text += "e-" + std::to_string(decimals_);
    T value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

 private:
  // The numbers are integers in units of the last of so many decimals.
  std::size_t decimals_ = 0;
  std::int64_t from_ = 0;
  std::uint64_t step_ = 0, count_ = 0;
};

}  // namespace seplflow
