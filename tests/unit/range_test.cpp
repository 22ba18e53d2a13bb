// Ranges of a sweep: exact decimals, not sums of doubles.
#include <random>

#include <seplflow/error.hpp>
#include "pipeline/document.hpp"
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::vector<double> values(std::string const& from, std::string const& to,
                           std::string const& step) {
  Range const range(from, to, step);
  std::vector<double> all;
  for (std::uint64_t i = 0; i < range.count(); ++i) all.push_back(range.value<double>(i));
  return all;
}

}  // namespace

TEST_CASE("a range has the decimals that one would write") {
  CHECK(values("0.6", "0.9", "0.05") == std::vector{0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9});
  CHECK(values("0", "1", "0.1") ==
        std::vector{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0});
  CHECK(values("1", "5", "2") == std::vector{1.0, 3.0, 5.0});
  CHECK(values("0.00001", "0.0001", "0.00003") == std::vector{1e-05, 4e-05, 7e-05, 1e-04});
  CHECK(values("-0.1", "0.1", "0.1") == std::vector{-0.1, 0.0, 0.1});
}

TEST_CASE("a range ends at its end only if a step leads there") {
  CHECK(values("0.1", "0.35", "0.1") == std::vector{0.1, 0.2, 0.3});
  CHECK(values("0.1", "0.1", "0.5") == std::vector{0.1});
  CHECK(values("0.1", "0.1", "-0.5") == std::vector{0.1});
}

TEST_CASE("a range with a negative step counts down") {
  CHECK(values("0.9", "0.6", "-0.1") == std::vector{0.9, 0.8, 0.7, 0.6});
}

TEST_CASE("a range that would never end is refused, with what to do") {
  CHECK_THROWS_WITH(Range("0", "1", "0"), Contains("step of the range is 0"));
  CHECK_THROWS_WITH(Range("0", "1", "0.0"), Contains("step of the range is 0"));
  CHECK_THROWS_WITH(Range("0", "1", "-0.1"), Contains("must be positive"));
  CHECK_THROWS_WITH(Range("1", "0", "0.1"), Contains("must be negative"));
  CHECK_THROWS_WITH(Range("0", "10000000000000000000", "1"), Contains("too many digits"));
  CHECK_THROWS_WITH(Range("0", "1000000000000000000", "0.01"), Contains("too many digits"));
}

TEST_CASE("a range has integers if all its numbers are integers") {
  CHECK(Range("1", "5", "2").has_integers());
  CHECK_FALSE(Range("1", "5", "2.0").has_integers());
  CHECK_FALSE(Range("1.0", "5", "2").has_integers());
}

TEST_CASE("the values of a range are counted without creating them") {
  CHECK(Range("0", "1", "0.000000000001").count() == 1'000'000'000'001);
  CHECK(Range("0", "9223372036854775807", "1").count() == 9'223'372'036'854'775'808u);
  CHECK(Range("-9223372036854775808", "9223372036854775807", "1").count() == UINT64_MAX);
  CHECK(Range("9223372036854775807", "-9223372036854775808", "-1").count() == UINT64_MAX);
  CHECK(Range("9223372036854775807", "-9223372036854775807", "-9223372036854775807")
            .value<std::int64_t>(2) == -INT64_MAX);
  CHECK(Range("0", "9223372036854775807", "9223372036854775807").value<std::int64_t>(1) ==
        INT64_MAX);
}

TEST_CASE("every value of a range is the double nearest to its decimal") {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::size_t const digits = 1 + random() % 6;
    auto const from = static_cast<std::int64_t>(random() % 2000) - 1000;
    auto const step = 1 + static_cast<std::int64_t>(random() % 50);
    auto const steps = static_cast<std::int64_t>(random() % 20);
    auto const decimal = [&](std::int64_t number) {
      std::string text = std::to_string(std::abs(number));
      text.insert(0, std::max<std::size_t>(text.size(), digits + 1) - text.size(), '0');
      text.insert(text.size() - digits, ".");
      return (number < 0 ? "-" : "") + text;
    };
    auto const all = values(decimal(from), decimal(from + steps * step), decimal(step));
    REQUIRE(all.size() == static_cast<std::size_t>(steps) + 1);
    for (std::size_t k = 0; k < all.size(); ++k) {
      REQUIRE(all[k] == std::stod(decimal(from + static_cast<std::int64_t>(k) * step)));
    }
  }
}
