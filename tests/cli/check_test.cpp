// seplflow check: every mistake before anything runs.
#include <catch2/catch.hpp>

#include "support/run_files.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("a sound pipeline is checked with 0, and told in one line") {
  Workplace const place(scenes_pipeline(7));
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 0);
  CHECK(result.out ==
        "p.toml: no mistakes: pipeline \"scenes\", 5 stages, 7 samples in \"scenes\"\n");
  CHECK(result.err.empty());
  CHECK(names_of(files_in(place.folder.path())) == std::vector<std::string>{"p.toml"});
}

TEST_CASE("a pipeline with mistakes is refused with 2, all of them on stderr") {
  Workplace const place(scenes_pipeline(7) + "t3 = 1\n[stages.odd]\nuse = \"sepl.selct\"\n" +
                        "[run]\njobs = -3\n");
  auto const result = place.program({"check", "p.toml", "--set", "select.t2=1.5"});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, StartsWith("p.toml:19:1: error: stage \"write\" (output.labels) has no "
                                    "option \"t3\""));
  CHECK_THAT(result.err, Contains("p.toml:21:7: error: there is no stage \"sepl.selct\"; did you "
                                  "mean \"sepl.select\"?"));
  CHECK_THAT(result.err, Contains("p.toml:23:8: error: [run]: option \"jobs\" is -3"));
  CHECK_THAT(result.err, Contains("--set select.t2=1.5: error: "));
  CHECK_THAT(result.err, Catch::EndsWith("4 mistakes\n"));
  CHECK(place.run("out").err == place.program({"check", "p.toml"}).err);
}

TEST_CASE("run finds the mistakes that check finds, before it makes anything") {
  Workplace const place(scenes_pipeline(7) + "palete = \"none\"\n");
  auto const result = place.run("out");
  CHECK(result.status == 2);
  CHECK_THAT(result.err,
             Contains("did you mean \"palette\"? (\"voc\" | \"none\", default \"voc\")"));
  CHECK_FALSE(std::filesystem::exists(place.folder / "out"));
}

TEST_CASE("a pipeline file that is not there is a mistake of the command line") {
  Workplace const place("");
  for (char const* const command : {"check", "run", "graph"}) {
    auto const result = place.program({command, "none.toml"});
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("none.toml: there is no such file"));
  }
}

TEST_CASE("the pipelines that come with seplflow have no mistake but the data that is missing") {
  Workplace const place("");
  std::filesystem::path const pipelines = SEPLFLOW_SOURCE_DIR "/pipelines";
  // Empty folders of the right names are data enough to check against.
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "2007_000032\n");
  place.folder.write("voc/SegmentationClass/.keep", "");
  place.folder.write("masks/.keep", "");
  int checked = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(pipelines)) {
    if (entry.path().extension() != ".toml") continue;
    place.folder.write("labels/" + entry.path().stem().string() + "/.keep", "");
    place.folder.write("labels/transcam/.keep", "");
    ProgramOptions options;
    options.environment = {{"VOC_ROOT", (place.folder / "voc").string()},
                           {"PSEUDO_LABELS", (place.folder / "labels").string()},
                           {"SAM_MASKS", (place.folder / "masks").string()}};
    auto const result = place.program({"check", entry.path().string()}, options);
    INFO(entry.path() << ": " << result.err);
    CHECK(result.err.empty());
    CHECK(result.status == 0);
    ++checked;
  }
  CHECK(checked >= 13);
}

TEST_CASE("environment variables come from the user's environment") {
  Workplace const place(scenes_pipeline(2) + "palette = \"${PALETTE}\"\n");
  CHECK_THAT(place.program({"check", "p.toml"}).err, Contains("PALETTE is not set"));
  ProgramOptions options;
  options.environment["PALETTE"] = "none";
  CHECK(place.program({"check", "p.toml"}, options).status == 0);
}
