// Numbers as text, the same on every machine and in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <string>

namespace seplflow {

// The shortest decimal that reads back exactly; "nan", "inf" and "-inf" where it is no number.
inline std::string shortest(double value) {
  if (std::isnan(value)) return "nan";  // whatever its sign bit
  char buffer[32];
  auto const end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

}  // namespace seplflow
