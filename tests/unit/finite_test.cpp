#include "base/finite.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace seplflow;

TEMPLATE_TEST_CASE("infinite values and NaN are found wherever they are", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  std::vector<TestType> values(37, Limits::max());
  values[3] = Limits::lowest();
  values[5] = Limits::denorm_min();
  values[7] = TestType(-0.0);
  CHECK(all_finite(std::span<TestType const>(values)));
  CHECK(all_finite(std::span<TestType const>()));
  for (TestType const bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto changed = values;
      changed[i] = bad;
      CHECK_FALSE(all_finite(std::span<TestType const>(changed)));
    }
  }
}
