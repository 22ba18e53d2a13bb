// Ranges of a sweep: decimals, not sums of doubles.
#include "pipeline/sweep/range.hpp"

#include <charconv>
#include <random>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::vector<double> values(std::string_view from, std::string_view to, std::string_view step) {
  Range const range(from, to, step);
  std::vector<double> all;
  for (std::uint64_t i = 0; i < range.count(); ++i) {
    std::string const text = range.value(i);
    double value = -1;
    REQUIRE(std::from_chars(text.data(), text.data() + text.size(), value).ptr ==
            text.data() + text.size());
    all.push_back(value);
  }
  return all;
}

}  // namespace

TEST_CASE("a range has the decimals that one would write") {
  CHECK(values("0.6", "0.9", "0.05") == std::vector{0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9});
  CHECK(values("0", "1", "0.1") ==
        std::vector{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0});
  CHECK(values("1", "5", "2") == std::vector{1.0, 3.0, 5.0});
  CHECK(values("1e-05", "0.0001", "3e-05") == std::vector{1e-05, 4e-05, 7e-05, 1e-04});
  CHECK(values("1e+22", "3e+22", "1e+22") == std::vector{1e22, 2e22, 3e22});
  CHECK(values("-0.1", "0.1", "0.1") == std::vector{-0.1, 0.0, 0.1});
}

TEST_CASE("the end belongs to a range when it is hit, and only then") {
  CHECK(values("0.1", "0.35", "0.1") == std::vector{0.1, 0.2, 0.3});
  CHECK(values("0.1", "0.1", "0.5") == std::vector{0.1});
  CHECK(values("0.1", "0.1", "-0.5") == std::vector{0.1});
}

TEST_CASE("a range with a negative step counts down") {
  CHECK(values("0.9", "0.6", "-0.1") == std::vector{0.9, 0.8, 0.7, 0.6});
}

TEST_CASE("a range that never ends is refused with what to do") {
  CHECK_THROWS_WITH(Range("0", "1", "0"), Contains("step is 0"));
  CHECK_THROWS_WITH(Range("0", "1", "0.0"), Contains("step is 0"));
  CHECK_THROWS_WITH(Range("0", "1", "-0.1"), Contains("must be positive"));
  CHECK_THROWS_WITH(Range("1", "0", "0.1"), Contains("must be negative"));
  CHECK_THROWS_WITH(Range("1e-300", "1e+300", "1"), Contains("too far apart"));
  CHECK_THROWS_WITH(Range("0", "1.7976931348623157e+308", "1e-05"), Contains("too far apart"));
}

TEST_CASE("values are counted, not made") {
  CHECK(Range("0", "1", "1e-12").count() == 1'000'000'000'001);
  CHECK(Range("0", "9223372036854775807", "1").count() == 9'223'372'036'854'775'808u);
  CHECK(Range("-9223372036854775808", "9223372036854775807", "1").count() == UINT64_MAX);
  CHECK(Range("0", "1e+30", "1").count() == UINT64_MAX);
  CHECK(Range("0", "9223372036854775807", "9223372036854775807").value(1) == "9223372036854775807");
}

TEST_CASE("every value of a range is the double nearest to its decimal") {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    int const digits = 1 + static_cast<int>(random() % 6);
    auto const from = static_cast<std::int64_t>(random() % 2000) - 1000;
    auto const step = 1 + static_cast<std::int64_t>(random() % 50);
    auto const steps = static_cast<std::int64_t>(random() % 20);
    auto const decimal = [&](std::int64_t number) {
      return std::strtod((std::to_string(number) + "e-" + std::to_string(digits)).c_str(), nullptr);
    };
    auto const all = values(shortest(decimal(from)), shortest(decimal(from + steps * step)),
                            shortest(decimal(step)));
    REQUIRE(all.size() == static_cast<std::size_t>(steps) + 1);
    for (std::size_t k = 0; k < all.size(); ++k) {
      REQUIRE(all[k] == decimal(from + static_cast<std::int64_t>(k) * step));
    }
  }
}
