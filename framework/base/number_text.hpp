// Converts numbers to text, equally on every machine and in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace seplflow {

// The shortest decimal that reads back exactly, or "nan", "inf", "-inf".
inline std::string shortest(double value) {
  if (std::isnan(value)) return "nan";  // whatever its sign bit
  char buffer[32];
  auto const end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

// A fraction in percent: "81.25"; with a sign, "+1.25".
inline std::string percent(double fraction, bool sign = false) {
  char text[32];
  std::snprintf(text, sizeof text, sign ? "%+.2f" : "%.2f", fraction * 100);
  return text;
}

// "1 sample", "3 samples"; `many` is the plural of `one` if it is not formed with s.
inline std::string counted(std::uint64_t count, std::string const& one,
                           std::string const& many = {}) {
  return std::to_string(count) + " " + (count == 1 ? one : many.empty() ? one + "s" : many);
}

}  // namespace seplflow
