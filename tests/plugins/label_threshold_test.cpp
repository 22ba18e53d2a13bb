#include <cmath>
#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "base/half.hpp"
#include "label/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Options = std::map<std::string, OptionValue>;

StageDriver driver(Options options) {
  return StageDriver(label::declare_threshold, {std::move(options), {"scores"}, {}});
}

// The labels of scores in one row.
std::vector<Label> labels(ScoreMaps const& scores, Options options) {
  auto const map = driver(std::move(options)).run<LabelMap>(voc_sample("a"), scores);
  return {map.pixels().begin(), map.pixels().end()};
}

ScoreMaps row(std::vector<Label> classes, std::vector<float> values,
              Precision precision = Precision::single) {
  auto const width = static_cast<std::uint32_t>(values.size() / classes.size());
  return ScoreMaps({1, width}, std::move(classes), std::move(values), precision);
}

using Labels = std::vector<Label>;

}  // namespace

TEST_CASE("label.threshold takes scores and outputs labels") {
  StageDriver const stage(label::declare_threshold);
  CHECK(stage.declaration().name == "label.threshold");
  CHECK(stage.declaration().inputs.at(0).name == "scores");
  CHECK(stage.declaration().outputs.at(0).name == "labels");
  CHECK_FALSE(stage.default_of("background"));
  CHECK_FALSE(stage.default_of("alpha"));
}

TEST_CASE("a class must score higher than a constant background, and then the highest wins") {
  ScoreMaps const scores = row({5, 2}, {0.25F, 0.3F, 0.4F, 0.1F, 0.5F, 0.2F});
  CHECK(labels(scores, {{"background", 0.25}}) == Labels{0, 2, 5});
  CHECK(labels(scores, {{"background", 0.0}}) == Labels{5, 2, 5});
  CHECK(labels(scores, {{"background", 1.0}}) == Labels{0, 0, 0});
}

TEST_CASE("scores far outside of 0..1 cause a warning where a rule gives background its score") {
  auto const warnings = [](ScoreMaps const& scores, std::map<std::string, OptionValue> options) {
    StageDriver stage = driver(std::move(options));
    stage.run<LabelMap>(voc_sample("a"), scores);
    return stage.warned();
  };
  std::map<std::string, OptionValue> const rule = {{"background", 0.25}};
  auto const found = warnings(row({5, 2}, {0.2F, 229.5F, 0.1F, 12}), rule);
  REQUIRE(found.size() == 1);
  CHECK(found[0].what.find("outside of 0..1") != std::string::npos);
  CHECK(warnings(row({5}, {-7, -3}), {{"alpha", 1.0}}).size() == 1);
  CHECK(warnings(ScoreMaps(Size{1, 2}, {5}, std::vector<double>{0.5, 4}), rule).size() == 1);
  CHECK(warnings(row({5}, {-1, 1}), rule).empty());
  CHECK(warnings(row({0, 5}, {7, 12, 9, 14}), {}).empty());
}

TEST_CASE("a rule published for another method than the scores' causes a warning and is applied") {
  ScoreMaps const scores = row({5}, {0.2F, 0.3F}).made_by("irn");
  StageDriver seam = driver({{"method", std::string("seam")}});
  auto const labels = seam.run<LabelMap>(voc_sample("a"), scores);
  CHECK(Labels(labels.pixels().begin(), labels.pixels().end()) == Labels{0, 5});
  auto const warned = seam.warned();
  REQUIRE(warned.size() == 1);
  CHECK(warned[0].detail == "rule for seam, scores by irn");
  StageDriver irn = driver({{"method", std::string("irn")}});
  irn.run<LabelMap>(voc_sample("a"), scores);
  CHECK(irn.warned().empty());
  StageDriver chosen = driver({{"method", std::string("seam")}, {"background", 0.25}});
  chosen.run<LabelMap>(voc_sample("a"), scores);
  CHECK(chosen.warned().empty());
  seam.run<LabelMap>(voc_sample("a"), row({5}, {0.2F, 0.3F}));
  CHECK(seam.warned().empty());
}

TEST_CASE("the first class in the file wins ties, whatever its label") {
  CHECK(labels(row({5, 2}, {0.5F, 0.5F}), {{"background", 0.1}}) == Labels{5});
  CHECK(labels(row({2, 5}, {0.5F, 0.5F}), {{"background", 0.1}}) == Labels{2});
}

TEST_CASE("with alpha, background scores (1 - max)^alpha and wins ties") {
  ScoreMaps const scores = row({1, 2}, {0.5F, 0.4F, 0.1F, 0.25F, 0.6F, 0.2F});
  CHECK(labels(scores, {{"alpha", 1.0}}) == Labels{0, 2, 0});
  CHECK(labels(scores, {{"alpha", 16.0}}) == Labels{1, 2, 2});
}

TEST_CASE("thresholds are rounded to the precision of the scores first") {
  // 0.1 is larger than this as float32, and smaller as float16.
  CHECK(labels(row({1}, {0.1F}), {{"background", 0.1}}) == Labels{0});
  CHECK(labels(ScoreMaps({1, 2}, {1}, std::vector<double>{0.1, std::nextafter(0.1, 1.0)}),
               {{"background", 0.1}}) == Labels{0, 1});
  float const half = round_to_half(0.1);
  REQUIRE(half < 0.1F);
  CHECK(labels(row({1}, {half}, Precision::half), {{"background", 0.1}}) == Labels{0});
  CHECK(labels(row({1}, {half}), {{"background", 0.0999}}) == Labels{1});
}

TEST_CASE("with float16 scores every operation is rounded to float16, as in numpy") {
  // The one float16 score that the square of its rest reaches in numpy's float16, and in float32
  // does not.
  float const score = round_to_half(0.38208);
  double const exact = (1.0 - score) * (1.0 - score);
  float const rounded = round_to_half(std::pow(round_to_half(1.0 - score), 2.0F));
  REQUIRE(exact < score);
  REQUIRE(rounded >= score);
  CHECK(labels(row({7}, {score}, Precision::half), {{"alpha", 2.0}}) == Labels{0});
  CHECK(labels(row({7}, {score}, Precision::single), {{"alpha", 2.0}}) == Labels{7});
}

TEST_CASE("scores with a map for background give a plain argmax") {
  ScoreMaps const scores = row({0, 3, 9}, {0.5F, 0.1F, 0.5F, 0.5F, 0.2F, 0.4F, 0.4F, 0.3F, 0.6F});
  CHECK(labels(scores, {}) == Labels{0, 9, 9});
  CHECK(labels(scores, {{"method", std::string("sipe")}}) == Labels{0, 9, 9});
}

TEST_CASE("a threshold for scores with a map for background is an error") {
  ScoreMaps const scores = row({0, 3}, {0.5F, 0.1F});
  CHECK_THROWS_WITH(labels(scores, {{"background", 0.3}}),
                    Contains("have a map for background") && Contains("remove background = 0.3"));
  CHECK_THROWS_WITH(labels(scores, {{"alpha", 4.0}}), Contains("remove alpha = 4"));
  CHECK_THROWS_WITH(labels(scores, {{"method", std::string("irn")}}),
                    Contains("remove background = 0.15 and method"));
}

TEST_CASE("methods that write both kinds of scores need only one pipeline") {
  ScoreMaps const own = row({0, 3}, {0.5F, 0.1F, 0.2F, 0.3F});
  ScoreMaps const without = row({3}, {0.25F, 0.27F});
  CHECK(labels(own, {{"method", std::string("ppc")}}) == Labels{0, 3});
  CHECK(labels(without, {{"method", std::string("ppc")}}) == Labels{0, 3});
  CHECK(labels(own, {{"method", std::string("recurseed")}}) == Labels{0, 3});
  CHECK_THROWS_WITH(labels(own, {{"method", std::string("ppc")}, {"background", 0.3}}),
                    Contains("remove background = 0.3"));
}

TEST_CASE("scores without a background need a rule") {
  CHECK_THROWS_WITH(labels(row({3}, {0.5F}), {}), Contains("no map for background") &&
                                                      Contains("set background") &&
                                                      Contains("method"));
  CHECK_THROWS_WITH(labels(row({3}, {0.5F}), {{"method", std::string("sipe")}}),
                    Contains("the scores of method = \"sipe\" have a map for background, but "
                             "these have none") &&
                        Contains("replace this method by background (a number), alpha"));
}

TEST_CASE("an image without a class is all background, with or without a rule") {
  ScoreMaps const none({2, 3}, {}, std::vector<float>());
  for (Options const& options : {Options{}, Options{{"background", 0.1}}, Options{{"alpha", 2.0}},
                                 Options{{"method", std::string("sipe")}}}) {
    CHECK(driver(options).run<LabelMap>(voc_sample("a"), none) == LabelMap(Size{2, 3}));
  }
}

TEST_CASE("SEAM's scores of a class that lights nowhere are -1, which no background falls below") {
  ScoreMaps const scores = row({3, 4}, {-1, -1, -1, -1});
  CHECK(labels(scores, {{"background", 0.0}}) == Labels{0, 0});
  CHECK(labels(scores, {{"alpha", 6.0}}) == Labels{0, 0});
  CHECK(labels(row({3, 4}, {-1, -1, 0.9F, -0.2F}), {{"alpha", 6.0}}) == Labels{4, 0});
}

TEST_CASE("a background score of NaN wins, as in numpy's argmax") {
  // (1 - 1.5)^0.5
  CHECK(labels(row({3}, {1.5F}), {{"alpha", 0.5}}) == Labels{0});
}

TEST_CASE("float64 scores are told apart where float32 would make them equal") {
  ScoreMaps const scores({1, 1}, {1, 2}, std::vector<double>{0.5, 0.5 + 1e-12});
  CHECK(labels(scores, {{"background", 0.1}}) == Labels{2});
  CHECK(labels(scores, {{"alpha", 3.0}}) == Labels{2});
}

TEST_CASE("images larger than a block are labelled correctly") {
  constexpr std::uint32_t kHeight = 61, kWidth = 83;
  std::vector<float> values(3 * kHeight * kWidth);
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 24) / 255.0F;
  }
  auto const expected = [&](std::size_t p, float background) -> Label {
    Label best = 0;
    for (Label k = 0; k < 3; ++k) {
      float const score = values[k * std::size_t{kHeight} * kWidth + p];
      if (score > background) {
        background = score;
        best = static_cast<Label>(10 - k);
      }
    }
    return best;
  };
  ScoreMaps const scores({kHeight, kWidth}, {10, 9, 8}, values);
  auto const map = driver({{"background", 0.75}}).run<LabelMap>(voc_sample("a"), scores);
  for (std::size_t p = 0; p < map.pixels().size(); ++p) {
    REQUIRE(map.pixels()[p] == expected(p, 0.75F));
  }
}

TEST_CASE("the published rule of a method is filled in and recorded") {
  auto const value = [](std::string const& method, std::string const& option) {
    StageDriver stage = driver({{"method", method}});
    CHECK(stage.problems() == "");
    return stage.instance().option(find_option(stage.declaration(), option).value());
  };
  for (auto const& [method, background] : std::map<std::string, double>{{"irn", 0.15},
                                                                        {"clims", 0.15},
                                                                        {"rib", 0.15},
                                                                        {"psa", 0.2},
                                                                        {"eps", 0.2},
                                                                        {"seam", 0.26},
                                                                        {"ppc", 0.26},
                                                                        {"transcam", 0.42},
                                                                        {"puzzlecam", 0.25},
                                                                        {"puzzlecam_rw", 0.35},
                                                                        {"l2g", 0.25}}) {
    INFO(method);
    CHECK(value(method, "background") == OptionValue(background));
    CHECK_FALSE(value(method, "alpha"));
  }
  for (auto const& [method, alpha] :
       std::map<std::string, double>{{"recurseed", 2}, {"clipes", 1}, {"rca", 4}}) {
    INFO(method);
    CHECK(value(method, "alpha") == OptionValue(alpha));
    CHECK_FALSE(value(method, "background"));
  }
  CHECK_FALSE(value("sipe", "alpha"));
  CHECK_FALSE(value("sipe", "background"));
}

TEST_CASE("a rule in the pipeline overrides the published one") {
  StageDriver stage = driver({{"method", std::string("psa")}, {"alpha", 16.0}});
  CHECK(stage.problems() == "");
  CHECK_FALSE(stage.instance().option(find_option(stage.declaration(), "background").value()));
}

TEST_CASE("two rules, or a rule for a method that needs none, are refused by the check") {
  CHECK_THAT(driver({{"background", 0.1}, {"alpha", 1.0}}).problems(),
             Contains("alpha: background and alpha are alternative rules"));
  CHECK_THAT(driver({{"background", 0.1}, {"method", std::string("sipe")}}).problems(),
             Contains("background: the scores of method = \"sipe\" have a map for background"));
  CHECK_THAT(driver({{"alpha", 2.0}, {"method", std::string("sipe")}}).problems(),
             Contains("alpha: the scores of method = \"sipe\""));
}

TEST_CASE("label.certain keeps what both maps say, and leaves the rest undecided") {
  StageDriver stage(label::declare_certain);
  LabelMap const objects({1, 5}, {3, 0, 0, 255, 0}), background({1, 5}, {0, 0, 3, 3, 255});
  CHECK(stage.run<LabelMap>(voc_sample("a"), objects, background) ==
        LabelMap({1, 5}, {3, 0, 255, 255, 255}));
  CHECK_THROWS_WITH(stage.run<LabelMap>(voc_sample("a"), objects, LabelMap({5, 1})),
                    Contains("certain background") && Contains("1x5"));
}
