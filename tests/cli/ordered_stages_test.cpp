// Stages that remember samples, and files of a whole run.
#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

namespace {

std::string const kScenes =
    "name = \"ordered\"\n"
    "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 60\nsize = [24, 32]\nseed = 3\n";
std::string const kPipeline =
    kScenes +
    "[stages.memory]\nuse = \"test.memory\"\nin = \"scenes.pseudo\"\n"
    "[stages.score]\nuse = \"eval.miou\"\nin = { truth = \"scenes.truth\", labels = \"memory\" }\n"
    "[stages.all]\nuse = \"test.archive\"\nin = \"memory\"\n"
    "[stages.write]\nuse = \"output.labels\"\nin = \"memory\"\n";

ProgramOptions in(Workplace const& place) {
  ProgramOptions options = with_faulty();
  options.folder = place.folder.path();
  return options;
}

}  // namespace

TEST_CASE("an ordered stage has the same results for any number of threads and after a resume") {
  Workplace const place(kPipeline);
  REQUIRE(place.run("one", {"--jobs", "1"}, with_faulty()).status == 0);
  auto const expected = results_in(place.folder / "one");
  REQUIRE(expected.contains("all/all.bin"));
  CHECK(expected.at("all/all.bin").size() > 60 * 24 * 32);
  REQUIRE(place.run("eight", {"--jobs", "8"}, with_faulty()).status == 0);
  CHECK(results_in(place.folder / "eight") == expected);

  REQUIRE(place.run("part", {"--limit", "25"}, with_faulty()).status == 0);
  auto const resumed = place.run("part", {"--resume", "--jobs", "8"}, with_faulty());
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.err,
             Contains("25 were repeated because \"memory\" needs all samples in order"));
  CHECK(results_in(place.folder / "part") == expected);
}

TEST_CASE("an ordered stage cannot work on a shard") {
  Workplace const place(kPipeline);
  auto const result = place.run("out", {"--shard", "1/2"}, with_faulty());
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("stage \"memory\" (test.memory) needs all samples in order"));
}

TEST_CASE("the file of a whole run is written from kept records, whoever opens it") {
  Workplace const place(kScenes +
                        "[stages.all]\nuse = \"test.archive\"\nin = \"scenes.pseudo\"\n");
  REQUIRE(place.run("one", {"--jobs", "1"}, with_faulty()).status == 0);
  auto const expected = files_in(place.folder / "one/all");
  REQUIRE(expected.size() == 1);
  for (std::string const own : {"true", "false"}) {
    REQUIRE(place.run("own" + own, {"--set", "all.opens_itself=" + own, "--limit", "7"},
                      with_faulty()).status == 0);
    auto const resumed = place.run("own" + own, {"--set", "all.opens_itself=" + own, "--resume"},
                                   with_faulty());
    CHECK(resumed.status == 0);
    CHECK_THAT(resumed.out, Contains("7 reused"));
    CHECK(files_in(place.folder / ("own" + own) / "all") == expected);
  }
  for (std::string const shard : {"0/2", "1/2"}) {
    REQUIRE(place.run("s" + shard.substr(0, 1), {"--shard", shard}, with_faulty()).status == 0);
  }
  REQUIRE(run_seplflow({"merge", "merged", "s0", "s1"}, in(place)).status == 0);
  CHECK(files_in(place.folder / "merged/all") == expected);

  auto const outside = place.run("out", {"--set", "all.file=../metrics.json"}, with_faulty());
  CHECK(outside.status == 2);
  CHECK_THAT(outside.err, Contains("the name of its file, \"../metrics.json\", leaves its folder"));
}

TEST_CASE("variants are compared by a number whose unit and direction are known") {
  Workplace const place(kScenes +
                        "[stages.faulty]\nuse = \"test.faulty\"\nin = \"scenes.pseudo\"\n"
                        "mode = \"declines\"\n"
                        "[stages.score]\nuse = \"eval.miou\"\n"
                        "in = { truth = \"scenes.truth\", labels = \"faulty\" }\n"
                        "[stages.all]\nuse = \"test.archive\"\nin = \"faulty\"\n"
                        "[sweep]\nbest_by = \"all.object_pixels\"\n"
                        "\"faulty.every\" = [2, 20]\n[run]\nkeep = \"best\"\n");
  auto const result = place.run("out", {}, with_faulty());
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("all.object_pixels (pixels)") && Contains("score.miou (percent)") &&
                             Contains("best: faulty.every=2, objects "));
  CHECK(fs::exists(place.folder / "out/variants/faulty.every=2/all/all.bin"));
  CHECK_FALSE(fs::exists(place.folder / "out/variants/faulty.every=20/all"));
  auto const compared = run_seplflow(
      {"compare", "out/variants/faulty.every=2", "out/variants/faulty.every=20"}, in(place));
  CHECK_THAT(compared.out, Contains("object_pixels (pixels)") && Contains("less is better"));
  CHECK(run_seplflow({"check", "out/pipeline.toml"}, in(place)).status == 0);
  CHECK_THAT(read_text(place.folder / "out/pipeline.toml"),
             Contains("best_by = \"all.object_pixels\""));

  auto const other = place.run("other", {"--set", "sweep.best_by=score.miou"}, with_faulty());
  CHECK_THAT(other.out, Contains(", mIoU "));
  auto const wrong = place.run("wrong", {"--set", "sweep.best_by=all.pixels"}, with_faulty());
  CHECK_THAT(wrong.err, Contains("no variant has the score \"all.pixels\" that best_by names"));
  CHECK(fs::exists(place.folder / "wrong/sweep.csv"));
}

TEST_CASE("a value that does not fit its sample is blamed on the stage that returned it") {
  auto const pipeline = [](std::string const& stage, std::string const& size) {
    return kScenes + "[stages.odd]\nuse = \"" + stage + "\"\nin = \"scenes.pseudo\"\nsize = " +
           size + "\n[stages.write]\nuse = \"output.labels\"\nin = \"odd\"\n";
  };
  auto const says = [&](std::string const& stage, std::string const& size) {
    Workplace const place(pipeline(stage, size));
    return place.run("out", {"--jobs", "1"}, with_faulty()).err;
  };
  CHECK_THAT(says("test.misfit", "false"),
             Contains("stage \"odd\" failed on sample \"scene_000000\": it returned a label map "
                      "that holds class 200"));
  CHECK_THAT(says("test.misfit", "true"),
             Contains("it returned a label map of 3x3 (height x width), but the image of the sample "
                      "is 24x32"));
  CHECK_THAT(says("test.any_size", "false"), Contains("holds class 200"));
  CHECK_THAT(says("test.any_size", "true"), !Contains("failed on sample"));
}
