#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

#include <seplflow/testing.hpp>

using namespace seplflow;

TEST_CASE("pixels beside a change are ignored") {
  testing::StageKit stage("lab.uncertain", "width = 1");
  auto const labels = stage.run<LabelMap>(testing::voc_sample("a"), LabelMap({1, 3}, {7, 7, 0}));
  CHECK(labels == LabelMap({1, 3}, {7, 7, kIgnore}));
}
TEST_CASE("an option outside its range is an error") {
  CHECK_THROWS_AS(testing::StageKit("lab.uncertain", "width = 0"), Error);
}
