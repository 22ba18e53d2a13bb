#include <seplflow/score_maps.hpp>

#include <limits>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("score maps keep their values in the precision that they were given") {
  ScoreMaps const single({1, 2}, {15, 3}, std::vector<float>{0.1F, 0.2F, 0.3F, 0.4F});
  CHECK(single.precision() == seplflow::Precision::single);
  CHECK(single.plane(1)[0] == 0.3F);
  CHECK_FALSE(single.has_background());

  ScoreMaps const full({1, 2}, {0, 3}, std::vector<double>{0.1, 0.2, 0.3, 0.4});
  CHECK(full.precision() == seplflow::Precision::full);
  CHECK(full.has_background());
  CHECK(full.visit_plane(1, [](auto plane) { return static_cast<double>(plane[1]); }) == 0.4);

  ScoreMaps const half({1, 1}, {1}, std::vector<float>{0.5F}, seplflow::Precision::half);
  CHECK(half.precision() == seplflow::Precision::half);
  CHECK(ScoreMaps({4, 5}, {}, std::vector<float>()).classes().empty());
}

TEST_CASE("score maps adopt memory without a copy, and share it when they are copied") {
  auto values = std::make_unique<double[]>(4);
  double const* const place = values.get();
  for (std::size_t i = 0; i < 4; ++i) values[i] = double(i);
  auto const full = ScoreMaps::adopt({1, 2}, {15, 3}, std::move(values));
  ScoreMaps const copy = full;
  CHECK(copy.visit_plane(1, [](auto plane) { return static_cast<void const*>(plane.data()); }) ==
        place + 2);
  CHECK(copy.visit_plane(1, [](auto plane) { return static_cast<double>(plane[1]); }) == 3);
  auto const single = ScoreMaps::adopt({1, 2}, {7}, std::make_unique<float[]>(2));
  CHECK(single.precision() == seplflow::Precision::single);
  CHECK(single.plane(0).size() == 2);
}

TEST_CASE("score maps refuse values and classes that are not scores") {
  auto const refusal = [](std::vector<Label> classes, std::vector<float> values) -> std::string {
    try {
      static_cast<void>(ScoreMaps({1, 2}, std::move(classes), std::move(values)));
    } catch (Error const& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refusal({1}, {0, 0, 0}), Contains("need 2 values but were given 3"));
  CHECK_THAT(refusal({1, 1}, {0, 0, 0, 0}), Contains("two score maps have class 1"));
  CHECK_THAT(refusal({255}, {0, 0}), Contains("255"));
  CHECK(refusal({1, 4}, {0, 0, 0, std::numeric_limits<float>::quiet_NaN()}) ==
        "the score of class 4 is not a number (NaN) in row 0, column 1");
  CHECK_THAT(refusal({1}, std::vector<float>(1)), Contains("need 2 values"));
  CHECK(refusal({1}, {0, std::numeric_limits<float>::infinity()}).empty());
}
