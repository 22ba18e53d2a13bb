// [published]: numbers of a paper, for what the pipeline computes.

#include "support/catch.hpp"
#include "support/toy_sweep.hpp"

namespace {

std::string const kTwoAxes =
    "[sweep]\n\"knobs.ratio\" = [0.25, 0.5]\n\"knobs.count\" = [1, 2, 3]\n";

using Percent = std::vector<std::optional<double>>;

}  // namespace

TEST_CASE("a published number is kept for the pipeline's own number") {
  Pipeline const pipeline = parse(
      kBase +
      "[published]\nsource = \"Table ${E}\"\n\"tally.mean\" = 81\n\"tally.gain.mean\" = nan\n");
  CHECK(pipeline.published.source == "Table env");
  REQUIRE(pipeline.published.numbers.size() == 2);
  CHECK(pipeline.published.numbers[0].name == "tally.mean");
  CHECK(pipeline.published.numbers[0].percent == Percent{81.0});
  CHECK(pipeline.published.numbers[1].percent == Percent{std::nullopt});
}

TEST_CASE("the number of published samples is a count") {
  std::string const text = kBase + "[published]\n\"tally.mean\" = 81\nsamples = ";
  Pipeline const pipeline = parse(text + "1464\n");
  CHECK(pipeline.published.samples == 1464u);
  CHECK_THAT(resolved_toml(pipeline), Contains("\nsamples = 1464\n"));
  CHECK_THAT(message(text + "0\n"), Contains("\"samples\" is the number of samples"));
}

TEST_CASE("the published numbers of two axes are a grid, the first axis across") {
  Pipeline const pipeline =
      parse(kBase + kTwoAxes + "[published]\n\"tally.mean\" = [[1, 2], [3, 4], [5, 6]]\n");
  REQUIRE(pipeline.variants[1].name == "knobs.ratio=0.25,knobs.count=2");
  CHECK(pipeline.published.numbers[0].percent == Percent{1., 3., 5., 2., 4., 6.});
}

TEST_CASE(
    "the published numbers of one axis are in its order, and one number may be for all variants") {
  Pipeline const pipeline = parse(kBase +
                                  "[sweep]\n\"knobs.ratio\" = [0.25, 0.5]\n[published]\n"
                                  "\"tally.mean\" = [1.5, nan]\n\"tally.count\" = 7\n");
  CHECK(pipeline.published.numbers[0].percent == Percent{1.5, std::nullopt});
  CHECK(pipeline.published.numbers[1].percent == Percent{7., 7.});
}

TEST_CASE("resolved pipelines keep the published numbers, and each variant its own") {
  for (std::string const numbers : {"\"tally.mean\" = [[1, 2], [3, nan], [5, 6.5]]\n",
                                    "source = \"a ${E} b\"\n\"tally.mean\" = 7.0\n"}) {
    Pipeline const pipeline = parse(kBase + kTwoAxes + "[published]\n" + numbers);
    std::string const text = resolved_toml(pipeline);
    Pipeline const back = parse(text);
    CHECK(resolved_toml(back) == text);
    CHECK(back.published.source == pipeline.published.source);
    CHECK(back.published.numbers[0].percent == pipeline.published.numbers[0].percent);
    Pipeline const alone = parse(resolved_toml(pipeline, 4));
    CHECK(alone.published.numbers[0].percent == Percent{pipeline.published.numbers[0].percent[4]});
  }
}

TEST_CASE("a sweep of the command line has only the published numbers that are for all variants") {
  std::string const text = kBase +
                           "[sweep]\n\"knobs.ratio\" = [0.25, 0.5]\n[published]\n"
                           "\"tally.mean\" = [1.5, 2]\n\"tally.count\" = 7\n";
  Pipeline const pipeline = parse(text, swept({"knobs.ratio=0.5,0.25"}));
  REQUIRE(pipeline.published.numbers.size() == 1);
  CHECK(pipeline.published.numbers[0].name == "tally.count");
}

TEST_CASE("published numbers that fit nothing are errors") {
  auto const refused = [](std::string const& lines) {
    return message(kBase + kTwoAxes + "[published]\n" + lines);
  };
  CHECK_THAT(refused("\"taly.mean\" = 1\n"),
             StartsWith("the pipeline has no evaluator \"taly\"; did you mean \"tally\"?"));
  CHECK_THAT(refused("\"knobs.ratio\" = 1\n"), StartsWith("the pipeline has no evaluator"));
  CHECK_THAT(refused("miou = 1\n"), Contains("as \"STAGE.METRIC\" = 81.2"));
  CHECK_THAT(refused("\"tally.mean\" = \"1\"\n"), Contains("a number in percent"));
  CHECK_THAT(refused("\"tally.mean\" = [[1, 2], [3, 4]]\n"),
             Contains("expected 3 rows, one for each value of \"knobs.count\", got 2"));
  CHECK_THAT(refused("\"tally.mean\" = [[1, 2], [3], [4, 5]]\n"),
             Contains("expected a list of 2 numbers") && Contains("got 1"));
  CHECK_THAT(refused("\"tally.mean\" = [[1, 2], [3, \"x\"], [4, 5]]\n"),
             Contains("this is not a number; expected a list of 2"));
  CHECK_THAT(message(kBase + "[published]\n\"tally.mean\" = [1, 2]\n"),
             Contains("expected a list of 1 number") && Contains("got 2"));
  CHECK_THAT(message("published = 1\n" + kBase), Contains("[published]"));
}
