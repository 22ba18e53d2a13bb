// Converts numbers to text, equally on every machine and in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace seplflow {

// Appends the shortest decimal that reads back exactly; "nan", "inf" or "-inf" if the value is not
// finite.
inline void append_shortest(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "nan";  // whatever its sign bit
    return;
  }
  char buffer[32];
  text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

inline std::string shortest(double value) {
  std::string text;
  append_shortest(text, value);
  return text;
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
