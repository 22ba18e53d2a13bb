#include "pipeline/sweep/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/error.hpp"

namespace seplflow {
namespace {

__extension__ using Number = __int128;

// digits * 10^exponent
struct Decimal {
  Number digits = 0;
  int exponent = 0;
};

// What shortest() and std::to_string() write: at most 20 digits.
Decimal decimal(std::string_view text) {
  Decimal result;
  bool const negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::size_t const e = std::min(text.find('e'), text.size());
  bool fraction = false;
  for (char const c : text.substr(0, e)) {
    if (c == '.') {
      fraction = true;
    } else {
      result.digits = result.digits * 10 + (c - '0');
      if (fraction) --result.exponent;
    }
  }
  if (e < text.size()) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    int value = 0;
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    result.exponent += value;
  }
  if (result.digits == 0) result.exponent = 0;
  if (negative) result.digits = -result.digits;
  return result;
}

Number scaled(Decimal const& number, int exponent) {
  constexpr Number kLargest = std::numeric_limits<Number>::max() / 40;
  Number digits = number.digits;
  for (int i = number.exponent; i > exponent && digits != 0; --i) {
    if (digits > kLargest || digits < -kLargest) {
      throw Error("the range's numbers are too far apart in size to be counted exactly");
    }
    digits *= 10;
  }
  return digits;
}

std::string digits_of(Number number) {
  if (number == 0) return "0";
  bool const negative = number < 0;
  std::string text;
  for (; number != 0; number /= 10) {
    int const digit = static_cast<int>(number % 10);
    text += static_cast<char>('0' + (negative ? -digit : digit));
  }
  if (negative) text += '-';
  std::ranges::reverse(text);
  return text;
}

}  // namespace

Range::Range(std::string_view from, std::string_view to, std::string_view step) {
  Decimal const first = decimal(from), last = decimal(to), by = decimal(step);
  if (by.digits == 0)
    throw Error("the range's step is 0, so it never gets from one end to the other");
  exponent_ = std::min({first.exponent, last.exponent, by.exponent});
  from_ = scaled(first, exponent_);
  step_ = scaled(by, exponent_);
  Number const way = scaled(last, exponent_) - from_;
  if (way != 0 && (way > 0) != (step_ > 0)) {
    throw Error("the range's step leads away from its end; from " + std::string(from) + " to " +
                std::string(to) + " the step must be " + (way > 0 ? "positive" : "negative"));
  }
  Number const steps = way / step_;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  count_ = steps >= static_cast<Number>(kMost) ? kMost : static_cast<std::uint64_t>(steps) + 1;
}

std::string Range::value(std::uint64_t place) const {
  std::string const digits = digits_of(from_ + static_cast<Number>(place) * step_);
  return exponent_ == 0 ? digits : digits + "e" + std::to_string(exponent_);
}

}  // namespace seplflow
