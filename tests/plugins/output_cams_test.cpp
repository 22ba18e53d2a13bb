#include <optional>
#include <string>
#include <vector>

#include "cam/stages.hpp"
#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

// Scores of three pixels for the classes 1 and 15.
ScoreMaps scores_of(Precision precision) {
  std::vector<double> const values = {0, 0.5, 1, 0.25, 0.0009765625, 0x1p-24};
  if (precision == Precision::full) return ScoreMaps({1, 3}, {1, 15}, values);
  return ScoreMaps({1, 3}, {1, 15}, std::vector<float>(values.begin(), values.end()), precision);
}

StageDriver writer(bool with_strided = false) {
  std::vector<std::string> inputs = {"scores"};
  if (with_strided) inputs.push_back("strided");
  return StageDriver(output::declare_cams, StageSetup{{}, inputs, {}});
}

// What cam.npy reads of a file that output.cams wrote.
ScoreMaps read_back(StageDriver const& stage, std::map<std::string, OptionValue> options) {
  TempFolder const folder;
  auto const& bytes = stage.files().at("a.npy");
  folder.write("a.npy", std::string(bytes.begin(), bytes.end()));
  options["dir"] = folder.path().string();
  StageDriver reader(cam::declare_npy, StageSetup{std::move(options), {}, {}});
  return reader.run<ScoreMaps>(voc_sample("a", Size{1, 3}));
}

}  // namespace

TEST_CASE("cam.npy reads the scores that output.cams wrote, in their own type") {
  auto const precision = GENERATE(Precision::half, Precision::single, Precision::full);
  ScoreMaps const scores = scores_of(precision);
  StageDriver stage = writer();
  stage.write(voc_sample("a"), scores, std::nullopt);
  ScoreMaps const found = read_back(stage, {});
  CHECK(found.size() == scores.size());
  CHECK(found.precision() == precision);
  REQUIRE(std::ranges::equal(found.classes(), scores.classes()));
  for (std::size_t k = 0; k < 2; ++k) {
    found.visit_plane(k, [&](auto plane) {
      scores.visit_plane(k, [&](auto expected) {
        CHECK(std::vector<double>(plane.begin(), plane.end()) ==
              std::vector<double>(expected.begin(), expected.end()));
      });
    });
  }
}

TEST_CASE("output.cams writes strided scores as the field cam") {
  StageDriver stage = writer(true);
  ScoreMaps const strided({1, 1}, {1, 15}, std::vector<float>{0.5F, 0.75F});
  stage.write(voc_sample("a"), scores_of(Precision::single), strided);
  ScoreMaps const found = read_back(stage, {{"field", std::string("cam")}});
  CHECK(found.plane(0)[2] == 0.5F);
  CHECK(found.plane(1)[0] == 0.75F);
}

TEST_CASE("an image without classes has a file without maps") {
  StageDriver stage = writer();
  stage.write(voc_sample("a"), ScoreMaps({1, 3}, {}, std::vector<float>()), std::nullopt);
  CHECK(read_back(stage, {}).classes().empty());
}

TEST_CASE("output.cams refuses a map for background, and strided scores of another size or class") {
  StageDriver stage = writer(true);
  Sample const sample = voc_sample("a");
  ScoreMaps const scores = scores_of(Precision::single);
  CHECK_THROWS_WITH(
      writer().write(sample, ScoreMaps({1, 1}, {0}, std::vector<float>{1}), std::nullopt),
      Contains("map for background"));
  CHECK_THROWS_WITH(stage.write(sample, scores, ScoreMaps({1, 2}, {1, 15}, std::vector<float>(4))),
                    Contains("1x2") && Contains("1x1"));
  CHECK_THROWS_WITH(stage.write(sample, scores, ScoreMaps({1, 1}, {1, 14}, std::vector<float>(2))),
                    Contains("different classes"));
}
