#include "base/half.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using seplflow::round_to_half;

namespace {

// The value of float16's bits, by its definition.
double half_of(unsigned bits) {
  int const exponent = static_cast<int>(bits >> 10 & 31);
  double const fraction = bits & 1023;
  return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
}

}  // namespace

TEST_CASE("every finite float16 rounds to itself, and so do values nearer to it than to others") {
  constexpr unsigned kInfinity = 0x7c00;
  for (unsigned bits = 0; bits < kInfinity; ++bits) {
    double const value = half_of(bits);
    REQUIRE(round_to_half(value) == value);
    REQUIRE(round_to_half(-value) == -value);
    if (bits + 1 == kInfinity) break;
    double const next = half_of(bits + 1), middle = (value + next) / 2;
    REQUIRE(round_to_half(std::nextafter(middle, 0.0)) == value);
    REQUIRE(round_to_half(std::nextafter(middle, 1e9)) == next);
    REQUIRE(round_to_half(middle) == (bits % 2 == 0 ? value : next));
  }
}

TEST_CASE("values too large for float16 become infinite, and NaN stays NaN") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  CHECK(round_to_half(65519.9) == 65504.0F);
  CHECK(round_to_half(65520.0) == kInfinity);
  CHECK(round_to_half(-1e300) == -kInfinity);
  CHECK(round_to_half(std::numeric_limits<double>::infinity()) == kInfinity);
  CHECK(std::isnan(round_to_half(std::nan(""))));
}
