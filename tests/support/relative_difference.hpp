// Compares the values that a network computed with published ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/catch.hpp"

// The largest difference beside the largest expected value. No value may be infinite or NaN.
inline double relative_difference(std::vector<float> const& found,
                                  std::vector<float> const& expected) {
  REQUIRE(found.size() == expected.size());
  REQUIRE(std::ranges::all_of(found, [](float value) { return std::isfinite(value); }));
  double difference = 0, scale = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference = std::max(difference, std::abs(double{found[i]} - expected[i]));
    scale = std::max(scale, std::abs(double{expected[i]}));
  }
  return difference / scale;
}
