// Results depend neither on the number of threads nor on the number of samples in flight.

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace {

void require_equal_results(Workplace const& place,
                           std::vector<std::vector<std::string>> const& ways, int status,
                           ProgramOptions const& options = {}) {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    CAPTURE(ways[i]);
    std::string const out = "out" + std::to_string(i);
    REQUIRE(place.run(out, ways[i], options).status == status);
    auto const first = results_in(place.folder / "out0"), results = results_in(place.folder / out);
    REQUIRE(names_of(results) == names_of(first));
    for (auto const& [name, bytes] : results) {
      CAPTURE(name);
      CHECK(bytes == first.at(name));
    }
  }
}

std::vector<std::vector<std::string>> const kWays = {{"--jobs", "1"},
                                                     {"--jobs", "2"},
                                                     {"--jobs", "8"},
                                                     {"--jobs", "1", "--set", "run.in_flight=1"},
                                                     {"--jobs", "8", "--set", "run.in_flight=1"},
                                                     {"--jobs", "8", "--set", "run.in_flight=3"},
                                                     {"--jobs", "2", "--set", "run.in_flight=200"}};

}  // namespace

TEST_CASE("a run has the same bytes with any number of threads and samples in flight") {
  Workplace const place(scenes_pipeline(60));
  require_equal_results(place, kWays, 0);
  CHECK(files_in(place.folder / "out0/write").size() == 60);
}

TEST_CASE("causes and boundary scores have the same bytes on any threads, merged and resumed") {
  Workplace const place(scenes_pipeline(
      12,
      "[stages.oracle]\nuse = \"sepl.oracle\"\n"
      "in = { pseudo = \"scenes.pseudo\", masks = \"scenes.masks\", truth = \"scenes.truth\" }\n"
      "[stages.consensus]\nuse = \"sepl.consensus\"\n"
      "in = { pseudo = \"scenes.pseudo\", masks = \"scenes.masks\" }\n"
      "[stages.edges]\nuse = \"eval.boundary\"\n"
      "in = { truth = \"scenes.truth\", labels = \"consensus\", baseline = \"oracle\" }\n"
      "[stages.causes]\nuse = \"eval.diagnose\"\nin = { pseudo = \"scenes.pseudo\", "
      "masks = \"scenes.masks\", labels = \"select\", truth = \"scenes.truth\" }\n"));
  require_equal_results(place, {{"--jobs", "1"}, {"--jobs", "8"}}, 0);
  auto const names = names_of(results_in(place.folder / "out0"));
  for (char const* const name : {"causes.csv", "edges.classes.csv", "edges.csv"}) {
    CHECK(std::ranges::find(names, name) != names.end());
  }
  REQUIRE(place.run("a", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("b", {"--shard", "1/2"}).status == 0);
  REQUIRE(place.program({"merge", "merged", "a", "b"}).status == 0);
  CHECK(differences(place.folder / "merged", place.folder / "out0").empty());
  REQUIRE(place.run("part", {"--limit", "5"}).status == 0);
  REQUIRE(place.run("part", {"--resume"}).status == 0);
  CHECK(json_in(place.folder / "part/run.json")["samples"]["reused"] == 5);
  CHECK(differences(place.folder / "part", place.folder / "out0").empty());
}

TEST_CASE("a run whose samples fail has the same bytes with any number of threads") {
  Workplace const place(
      scenes_pipeline(60,
                      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nevery = 7\n"
                      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n"
                      "[run]\non_error = \"skip\"\n"));
  require_equal_results(place, kWays, 1, with_faulty());
  CHECK(files_in(place.folder / "out0/more").size() == 60 - 60 / 7);
}

#ifndef SEPLFLOW_WITHOUT_CAIRO

TEST_CASE("a contact sheet has the same bytes with any number of threads or shards and resumed") {
  std::string const figures =
      "[stages.figures]\nuse = \"output.panels\"\n"
      "in = { pseudo = \"scenes.pseudo\", kept = \"select.kept\", labels = \"select\", "
      "truth = \"scenes.truth\" }\n"
      "select = { worst = 2, best = 1, random = 1, names = [\"scene_000003\"] }\nwidth = 200\n";
  Workplace const place(scenes_pipeline(40, figures));
  auto const same = [&](std::string const& run) {
    return differences(place.folder / run, place.folder / "out0");
  };
  require_equal_results(place, {{"--jobs", "1"}, {"--jobs", "8"}}, 0);
  CHECK(files_in(place.folder / "out0/figures").size() == 7);

  REQUIRE(place.run("first", {"--limit", "25"}).status == 0);
  REQUIRE(place.run("first", {"--resume"}).status == 0);
  CHECK(same("first") == kNone);
  REQUIRE(place.run("first", {"--resume"}).status == 0);
  CHECK(same("first") == kNone);

  REQUIRE(place.run("a", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("b", {"--shard", "1/2"}).status == 0);
  REQUIRE(place.program({"merge", "merged", "a", "b"}).status == 0);
  CHECK(same("merged") == kNone);
}

TEST_CASE("the best variant of a sweep has the contact sheet of a run alone") {
  Workplace const place(scenes_pipeline(
      20, "[stages.figures]\nuse = \"output.panels\"\nin = { pseudo = \"scenes.pseudo\", "
          "labels = \"select\", truth = \"scenes.truth\" }\nselect.worst = 2\nwidth = 200\n"));
  REQUIRE(place.run("alone").status == 0);
  REQUIRE(place.run("sweep", {"--sweep", "select.t1=0.5,1", "--keep", "best"}).status == 0);
  auto const sheets = files_in(place.folder / "sweep"), alone = files_in(place.folder / "alone");
  REQUIRE(sheets.contains("variants/select.t1=0.5/figures/sheet.png"));
  CHECK_FALSE(sheets.contains("variants/select.t1=1/figures/sheet.png"));
  CHECK(sheets.at("variants/select.t1=0.5/figures/sheet.png") == alone.at("figures/sheet.png"));
}

#endif
