// Samples that fail: what happens to the others and to the run.

#include "support/catch.hpp"
#include "support/disk_data.hpp"

namespace fs = std::filesystem;

namespace {

// SEPL over 40 scenes with test.faulty behind it.
std::string faulty_pipeline(std::string const& mode, std::string const& run) {
  return "name = \"faulty\"\n"
         "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 40\nsize = [24, 32]\nseed = 3\n"
         "[stages.faulty]\nuse = \"test.faulty\"\nin = \"scenes.pseudo\"\nevery = 10\nmode = \"" +
         mode +
         "\"\n"
         "[stages.score]\nuse = \"eval.miou\"\n"
         "in = { truth = \"scenes.truth\", labels = \"faulty\", baseline = \"scenes.pseudo\" }\n"
         "[stages.write]\nuse = \"output.labels\"\nin = \"faulty\"\n[run]\n" +
         run;
}

std::vector<std::string> const kFailedScenes = {"scene_000009", "scene_000019", "scene_000029",
                                          "scene_000039"};

bool fails(std::string const& id) {
  return std::ranges::find(kFailedScenes, id) != kFailedScenes.end();
}

}  // namespace

TEST_CASE("with skip the other samples are the same as in a run where nothing fails") {
  Workplace const place(faulty_pipeline("none", ""));
  REQUIRE(place.run("clean", {}, with_faulty()).status == 0);
  place.pipeline_file(faulty_pipeline("throw", "on_error = \"skip\""));
  auto const result = place.run("out", {}, with_faulty());
  CHECK(result.status == 1);
  auto clean = files_in(place.folder / "clean/write");
  REQUIRE(clean.size() == 40);
  for (std::string const& id : kFailedScenes) clean.erase(id + ".png");
  CHECK(files_in(place.folder / "out/write") == clean);

  std::vector<std::string> rows;
  for (std::string const& row : lines_of(read_text(place.folder / "clean/score.csv"))) {
    if (!fails(row.substr(0, row.find(',')))) rows.push_back(row);
  }
  CHECK(lines_of(read_text(place.folder / "out/score.csv")) == rows);
  CHECK_FALSE(fs::exists(place.folder / "out/.partial"));
}

TEST_CASE("with skip the ledger lists each failed sample with stage and reason") {
  Workplace const place(faulty_pipeline("throw", "on_error = \"skip\""));
  auto const result = place.run("out", {}, with_faulty());
  auto const ledger = ledger_in(place.folder / "out");
  REQUIRE(ledger.size() == 40);
  for (Json const& line : ledger) {
    if (fails(line["id"])) {
      CHECK(line == Json({{"id", line["id"]},
                          {"outcome", "failed"},
                          {"stage", "faulty"},
                          {"error", "faulty by intent"}}));
    } else {
      CHECK(line == Json({{"id", line["id"]}, {"outcome", "done"}}));
    }
  }
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(run["status"] == "done_with_failures");
  CHECK(run["samples"] == Json({{"emitted", 40},
                                {"retired", 40},
                                {"done", 36},
                                {"skipped", 0},
                                {"failed", 4},
                                {"cancelled", 0},
                                {"reused", 0}}));
  CHECK(run["stages"][1]["in"] == 40);
  CHECK(run["stages"][1]["out"] == 36);
  CHECK(run["stages"][1]["failed"] == 4);
  for (std::size_t after = 2; after < run["stages"].size(); ++after) {
    CHECK(run["stages"][after]["failed"] == 0);
    CHECK(run["stages"][after]["in"] == run["stages"][after]["out"]);
  }
  CHECK_THAT(result.out,
             Contains("faulty: done with failed samples, 40 samples") && Contains("4 failed"));
  for (std::string const& id : kFailedScenes) {
    CHECK_THAT(result.out, Contains(id + ", stage \"faulty\": faulty by intent"));
  }
}

TEST_CASE("scores after failures equal those of a run over the good samples only") {
  DiskData const data;
  std::string const faulty =
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nevery = 3\n"
      "[stages.again]\nuse = \"eval.miou\"\nin = { truth = \"data.truth\", labels = \"faulty\" }\n";
  data.pipeline_file(data.pipeline(faulty + "[run]\non_error = \"skip\"\n"));
  REQUIRE(data.run("faulty", {}, with_faulty()).status == 1);
  std::string good;
  for (std::size_t i = 0; i < 8; ++i) {
    if ((i + 1) % 3 != 0) good += data.samples()[i] + "\n";
  }
  data.folder.write("list.txt", good);
  data.pipeline_file(data.pipeline(faulty + "mode = \"none\"\n"));
  REQUIRE(data.run("good", {"--set", "faulty.mode=none"}, with_faulty()).status == 2);
  data.pipeline_file(data.pipeline(faulty));
  REQUIRE(data.run("good", {"--set", "faulty.mode=none"}, with_faulty()).status == 0);
  Json const failed = json_in(data.folder / "faulty/metrics.json");
  Json const alone = json_in(data.folder / "good/metrics.json");
  CHECK(failed["again"] == alone["again"]);
  CHECK(failed["again"]["images"] == 6);
  CHECK(read_text(data.folder / "faulty/again.csv") == read_text(data.folder / "good/again.csv"));
}

TEST_CASE("with stop the run fails, reports the reason once, and leaves no score") {
  Workplace const place(faulty_pipeline("throw", ""));
  auto const result = place.run("out", {}, with_faulty());
  CHECK(result.status == 1);
  CHECK(occurrences(result.err, "faulty by intent") == 1);
  CHECK_THAT(result.err, Contains("stage \"faulty\" failed on sample \"scene_0000"));
  CHECK_THAT(result.out, !Contains("faulty by intent"));
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(run["status"] == "failed");
  CHECK_THAT(run["error"].get<std::string>(), Contains("faulty by intent"));
  CHECK(run["samples"]["emitted"] == run["samples"]["retired"]);
  CHECK_FALSE(fs::exists(place.folder / "out/metrics.json"));
  CHECK_FALSE(fs::exists(place.folder / "out/score.csv"));
  CHECK_FALSE(fs::exists(place.folder / "out/.partial"));
  for (auto const& [name, bytes] : files_in(place.folder / "out")) {
    if (!name.ends_with(".png")) continue;
    CHECK_FALSE(fails(name.substr(6, 12)));
    CHECK_THAT(bytes, Contains("IEND"));
  }
}

TEST_CASE("a thrown object that is not an exception is a failure like any other") {
  Workplace const place(faulty_pipeline("throw_int", "on_error = \"skip\""));
  CHECK(place.run("skip", {}, with_faulty()).status == 1);
  CHECK(json_in(place.folder / "skip/run.json")["status"] == "done_with_failures");
  for (Json const& line : ledger_in(place.folder / "skip")) {
    CHECK((line["outcome"] == "failed") == fails(line["id"]));
    if (line["outcome"] == "failed") {
      CHECK_THAT(line["error"].get<std::string>(), Contains("not a std::exception"));
    }
  }
  auto const stop = place.run("stop", {"--on-error", "stop"}, with_faulty());
  CHECK(stop.status == 1);
  CHECK(occurrences(stop.err, "not a std::exception") == 1);
}

TEST_CASE("more failures than max_failures stop the run, exactly as many do not") {
  Workplace const place(faulty_pipeline("throw", "on_error = \"skip\""));
  auto const many = place.run("many", {"--set", "run.max_failures=2"}, with_faulty());
  CHECK(many.status == 1);
  CHECK_THAT(many.err, Contains("3 samples failed, more than max_failures = 2"));
  CHECK(json_in(place.folder / "many/run.json")["status"] == "failed");
  CHECK_FALSE(fs::exists(place.folder / "many/metrics.json"));
  auto const few = place.run("few", {"--set", "run.max_failures=4"}, with_faulty());
  CHECK(few.status == 1);
  CHECK(json_in(place.folder / "few/run.json")["status"] == "done_with_failures");
}

TEST_CASE("a stage's own on_error overrides that of the run") {
  Workplace const place(faulty_pipeline("throw", "on_error = \"stop\""));
  CHECK(place.run("skip", {"--set", "faulty.on_error=skip"}, with_faulty()).status == 1);
  CHECK(json_in(place.folder / "skip/run.json")["status"] == "done_with_failures");
  CHECK(place.run("stop", {"--on-error", "skip", "--set", "faulty.on_error=stop"}, with_faulty())
            .status == 1);
  CHECK(json_in(place.folder / "stop/run.json")["status"] == "failed");
  CHECK(place.run("other", {"--set", "write.on_error=skip"}, with_faulty()).status == 1);
  CHECK(json_in(place.folder / "other/run.json")["status"] == "failed");
}

TEST_CASE("the option --on-error overrides the pipeline") {
  Workplace const place(faulty_pipeline("throw", "on_error = \"stop\""));
  CHECK(place.run("out", {"--on-error", "skip"}, with_faulty()).status == 1);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done_with_failures");
}

TEST_CASE("a run in which every sample fails invents no scores") {
  Workplace const place(faulty_pipeline("throw", "on_error = \"skip\""));
  auto const result = place.run("out", {"--set", "faulty.every=1"}, with_faulty());
  CHECK(result.status == 1);
  Json const score = json_in(place.folder / "out/metrics.json")["score"];
  CHECK(score["images"] == 0);
  CHECK(score["miou"].is_null());
  CHECK(lines_of(read_text(place.folder / "out/score.csv")).size() == 1);
  CHECK(ledger_in(place.folder / "out").size() == 40);
  CHECK_THAT(result.out, Contains("... and 35 more; ledger.jsonl has all of them"));
}
