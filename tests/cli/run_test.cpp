// seplflow run: what it prints, and the files that it writes.
#include <set>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

TEST_CASE("a run leaves the record, the resolved pipeline, the ledger, scores and files") {
  Workplace const place(scenes_pipeline(5));
  auto const result = place.run("out");
  CHECK(result.status == 0);
  CHECK(names_of(files_in(place.folder / "out")) ==
        std::vector<std::string>{"ledger.jsonl", "ledger.records", "log.txt", "metrics.json",
                                 "pipeline.toml", "run.json", "score.classes.csv", "score.csv",
                                 "write/scene_000000.png", "write/scene_000001.png",
                                 "write/scene_000002.png", "write/scene_000003.png",
                                 "write/scene_000004.png"});
  for (auto const& [name, bytes] : files_in(place.folder / "out/write")) {
    CHECK_THAT(bytes, StartsWith("\x89PNG"));
    CHECK_THAT(bytes, Contains("IEND"));
  }
}

TEST_CASE("run.json records the run") {
  Workplace const place(scenes_pipeline(5));
  REQUIRE(place.run("out", {"--jobs", "2", "--set", "run.in_flight=3"}).status == 0);
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(run["status"] == "done");
  CHECK(run["name"] == "scenes");
  CHECK(run["versions"]["seplflow"].is_string());
  CHECK(run["command_line"] == Json({SEPLFLOW_PROGRAM, "run", "p.toml", "--out", "out", "--jobs",
                                     "2", "--set", "run.in_flight=3"}));
  CHECK(run["jobs"] == 2);
  CHECK(run["in_flight"] == 3);
  CHECK(run["machine"]["cores"].get<int>() >= 1);
  CHECK(run["seconds"].get<double>() >= 0);
  CHECK(run["samples"] == Json({{"emitted", 5},
                                {"retired", 5},
                                {"done", 5},
                                {"skipped", 0},
                                {"failed", 0},
                                {"cancelled", 0},
                                {"reused", 0}}));
  REQUIRE(run["stages"].size() == 5);
  for (Json const& stage : run["stages"]) {
    CHECK(stage["in"] == 5);
    CHECK(stage["out"] == 5);
    CHECK(stage["failed"] == 0);
  }
  CHECK(run["stages"][3]["stage"] == "score");
  CHECK(run["stages"][3]["use"] == "eval.miou");
}

TEST_CASE("run.json names the plugins whose stages were used, with hash and ABI") {
  Workplace const place(scenes_pipeline(1));
  REQUIRE(place.run("out").status == 0);
  std::set<std::string> plugins;
  Json const run = json_in(place.folder / "out/run.json");
  for (Json const& plugin : run["plugins"]) {
    fs::path const file = plugin["path"].get<std::string>();
    CHECK(fs::is_regular_file(file));
    CHECK(plugin["xxh128"].get<std::string>().size() == 32);
    CHECK_THAT(plugin["abi"].get<std::string>(), Contains("."));
    plugins.insert(file.filename());
  }
  CHECK(plugins == std::set<std::string>{"seplflow_dataset.so", "seplflow_eval.so",
                                         "seplflow_output.so", "seplflow_sepl.so"});
}

TEST_CASE("the resolved pipeline runs again to the same folder, without its environment") {
  Workplace const place(scenes_pipeline(4, "[run]\nlimit = 3\non_error = \"${POLICY}\"\n"));
  ProgramOptions options;
  options.environment["POLICY"] = "skip";
  REQUIRE(place.run("first", {"--set", "select.t1=0.25"}, options).status == 0);
  REQUIRE(place.program({"run", "first/pipeline.toml", "--out", "second"}).status == 0);
  CHECK(results_in(place.folder / "first") == results_in(place.folder / "second"));
  CHECK(files_in(place.folder / "first/write").size() == 3);
}

TEST_CASE("the resolved pipeline of files on disk runs again from anywhere") {
  Workplace const place(
      "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 3\nsize = [16, 16]\n"
      "[stages.truth]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n");
  REQUIRE(place.run("data").status == 0);
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "scene_000001\n");
  place.folder.write("list.txt", "scene_000002\nscene_000000\n");
  std::string const rest =
      "truth = \"${TRUTH}\"\n[stages.write]\nuse = \"output.labels\"\nin = \"data.truth\"\n";
  std::vector<std::string> const sources = {
      "use = \"dataset.folder\"\nlist = \"list.txt\"\nclasses = \"voc12\"\n",
      "use = \"dataset.voc\"\nroot = \"voc\"\n",
      "use = \"dataset.voc\"\nroot = \"voc\"\nlist = \"list.txt\"\n"};
  ProgramOptions options;
  options.environment["TRUTH"] = (place.folder / "data/truth").string();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(sources[i]);
    place.pipeline_file("name = \"disk\"\n[stages.data]\n" + sources[i] + rest);
    std::string const first = "first" + std::to_string(i), second = "second" + std::to_string(i);
    REQUIRE(place.run(first, {}, options).status == 0);
    auto const again =
        place.program({"run", (place.folder / first / "pipeline.toml").string(), "--out", second});
    CHECK(again.err == "info: running \"disk\" into " + second + "\n");
    CHECK(again.status == 0);
    if (again.status == 0)
      CHECK(results_in(place.folder / first) == results_in(place.folder / second));
  }
}

TEST_CASE("the ledger has one line per sample in the order of the data set") {
  Workplace const place(scenes_pipeline(12));
  REQUIRE(place.run("out", {"--jobs", "8"}).status == 0);
  auto const ledger = ledger_in(place.folder / "out");
  REQUIRE(ledger.size() == 12);
  CHECK(ledger[0] == Json({{"id", "scene_000000"}, {"outcome", "done"}}));
  CHECK(ledger[11]["id"] == "scene_000011");
}

TEST_CASE("score.csv has one row per image, metrics.json the scores over all") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("out").status == 0);
  auto const lines = lines_of(read_text(place.folder / "out/score.csv"));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] ==
        "name,miou,precision,recall,baseline_miou,baseline_precision,baseline_recall,gain_miou,"
        "gain_precision,gain_recall");
  CHECK_THAT(lines[4], StartsWith("scene_000003,"));
  CHECK(std::ranges::count(lines[4], ',') == 9);
  Json const score = json_in(place.folder / "out/metrics.json")["score"];
  CHECK(score["images"] == 4);
  CHECK(score["classes"].size() == 21);
  CHECK(score["classes"][0]["name"] == "background");
  CHECK(score["classes"][0]["tp"].is_number_integer());
  CHECK(score["baseline"]["classes"].size() == 21);
  CHECK(score["gain"]["miou"].get<double>() ==
        Approx(score["miou"].get<double>() - score["baseline"]["miou"].get<double>()));
  CHECK(score["image_mean"]["recall"].is_number());
}

TEST_CASE("without a baseline, its columns and scores are left out") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("out", {"--set", "score.in={ truth = \"scenes.truth\", labels = \"select\" }"})
              .status == 0);
  CHECK(lines_of(read_text(place.folder / "out/score.csv"))[0] == "name,miou,precision,recall");
  Json const score = json_in(place.folder / "out/metrics.json")["score"];
  CHECK_FALSE(score.contains("baseline"));
  CHECK_FALSE(score.contains("gain"));
}

TEST_CASE("stdout has the summary, stderr the log") {
  Workplace const place(scenes_pipeline(5));
  auto const result = place.run("out");
  CHECK_THAT(result.out, StartsWith("scenes: done, 5 samples in "));
  for (char const* const part :
       {"stage ", "skipped", "scenes (dataset.scenes)", "select (sepl.select)", "before", "after",
        "gain", "mIoU", "precision", "recall", "In out:", "metrics.json, score.csv"}) {
    CHECK_THAT(result.out, Contains(part));
  }
  CHECK(result.err ==
        "info: running \"scenes\" into out\n"
        "warning: score: the ground truth of 5 samples never shows 12 of 20 classes: boat, bottle, "
        "cat, chair, cow and 7 more\n");
}

TEST_CASE("the summary has the scores of metrics.json in percent") {
  Workplace const place(scenes_pipeline(5));
  auto const result = place.run("out");
  Json const score = json_in(place.folder / "out/metrics.json")["score"];
  char row[64];
  std::snprintf(row, sizeof row, "%.2f  %.2f  %+.2f", score["baseline"]["miou"].get<double>() * 100,
                score["miou"].get<double>() * 100, score["gain"]["miou"].get<double>() * 100);
  CHECK_THAT(result.out, Contains(row));
}

TEST_CASE("the option --quiet prints only errors") {
  Workplace const place(scenes_pipeline(3));
  auto const good = place.run("out", {"--quiet", "--log-level", "debug"});
  CHECK(good.status == 0);
  CHECK(good.out.empty());
  CHECK(good.err.empty());
  auto const bad = place.run("out", {"--quiet"});
  CHECK(bad.status == 2);
  CHECK_THAT(bad.err, Contains("already holds a run"));
}

TEST_CASE("the option --log-level sets the least level of messages on stderr") {
  Workplace const place(scenes_pipeline(1));
  CHECK_THAT(place.run("debug", {"--log-level", "debug"}).err, Contains("debug: plugin ") &&
                                                                   Contains("seplflow_sepl.so") &&
                                                                   Contains("info: running"));
  CHECK(place.run("off", {"--log-level", "off"}).err.empty());
  CHECK_THAT(place.run("warning", {"--log-level", "warning"}).err,
             StartsWith("warning: score: the ground truth"));
  CHECK(place.run("loud", {"--log-level", "loud"}).status == 2);
}

TEST_CASE(
    "the option --limit processes only the first samples, and the resolved pipeline records it") {
  Workplace const place(scenes_pipeline(9));
  REQUIRE(place.run("out", {"--limit", "2"}).status == 0);
  CHECK(ledger_in(place.folder / "out").size() == 2);
  CHECK(json_in(place.folder / "out/metrics.json")["score"]["images"] == 2);
  CHECK_THAT(read_text(place.folder / "out/pipeline.toml"), Contains("limit = 2"));
  REQUIRE(place.run("more", {"--limit", "100"}).status == 0);
  CHECK(ledger_in(place.folder / "more").size() == 9);
}

TEST_CASE("the option --set replaces a value of the pipeline") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("out", {"--set", "select.t1=0.125", "--set", "write.palette=none"}).status ==
          0);
  std::string const pipeline = read_text(place.folder / "out/pipeline.toml");
  CHECK_THAT(pipeline, Contains("t1 = 0.125") && Contains("palette = \"none\""));
  auto const wrong = place.run("wrong", {"--set", "select.t1=7"});
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, StartsWith("--set select.t1=7: error: "));
  CHECK_FALSE(fs::exists(place.folder / "wrong"));
}

TEST_CASE("an --out folder that has a run in it is refused and stays unchanged") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("out").status == 0);
  auto const before = files_in(place.folder / "out");
  auto const again = place.run("out", {"--set", "select.t1=0.9"});
  CHECK(again.status == 2);
  CHECK(again.out.empty());
  CHECK_THAT(again.err, Contains("error: out already holds a run (status \"done\")"));
  CHECK(files_in(place.folder / "out") == before);
}

TEST_CASE("an --out that is a file or a folder with other files is refused, an empty one is not") {
  Workplace const place(scenes_pipeline(1));
  place.folder.write("file", "mine");
  place.folder.write("full/mine.txt", "mine");
  fs::create_directory(place.folder / "empty");
  CHECK(place.run("file").status == 2);
  CHECK(place.run("file/below").status == 2);
  CHECK(place.run("full").status == 2);
  CHECK(read_text(place.folder / "file") == "mine");
  CHECK(files_in(place.folder / "full").size() == 1);
  CHECK(place.run("empty").status == 0);
  CHECK(place.run("new/and/deep").status == 0);
}

TEST_CASE("a run goes to runs/NAME under the working folder by default") {
  Workplace const place(scenes_pipeline(1));
  CHECK(place.program({"run", "p.toml"}).status == 0);
  CHECK(fs::is_regular_file(place.folder / "runs/scenes/run.json"));
  CHECK(place.program({"run", "p.toml"}).status == 2);
}

TEST_CASE("the option --trace writes an event for every stage and sample") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("out", {"--trace", "trace.json", "--jobs", "2"}).status == 0);
  Json const trace = json_in(place.folder / "trace.json");
  std::map<std::string, std::set<std::string>> samples;
  std::map<std::string, int> events;
  for (Json const& event : trace["traceEvents"]) {
    CHECK(event["ph"] == "X");
    CHECK(event["dur"].get<double>() >= 0);
    ++events[event["name"].get<std::string>()];
    samples[event["name"].get<std::string>()].insert(event["args"]["sample"].get<std::string>());
  }
  CHECK(samples.size() == 5);
  for (char const* const stage : {"scenes", "assign", "select", "score", "write"}) {
    CHECK(samples[stage].size() == 6);
    // The source has one for each output that it makes: pseudo-label, masks, truth.
    CHECK(events[stage] == (std::string(stage) == "scenes" ? 18 : 6));
  }
}

TEST_CASE("progress goes to stderr in the requested form and does not change results") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("none", {"--progress", "none"}).status == 0);
  for (char const* const mode : {"plain", "bar", "auto"}) {
    auto const result = place.run(mode, {"--progress", mode});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, !Contains("\r"));
    CHECK((result.err.find('\r') != std::string::npos) == (std::string(mode) == "bar"));
    CHECK(results_in(place.folder / mode) == results_in(place.folder / "none"));
  }
  CHECK(place.run("wrong", {"--progress", "loud"}).status == 2);
}

TEST_CASE("an error in the command line has exit status 2 and creates nothing") {
  Workplace const place(scenes_pipeline(1));
  std::vector<std::vector<std::string>> const wrong = {{},
                                                       {"bogus"},
                                                       {"run"},
                                                       {"run", "p.toml", "--bogus"},
                                                       {"run", "p.toml", "--jobs", "5000"},
                                                       {"run", "p.toml", "--jobs", "x"},
                                                       {"run", "p.toml", "--limit", "0"},
                                                       {"run", "p.toml", "--limit", "-1"},
                                                       {"run", "p.toml", "--on-error", "ignore"},
                                                       {"run", "p.toml", "extra"},
                                                       {"run", "p.toml", "--set"},
                                                       {"run", "p.toml", "--set", "t1"},
                                                       {"run", "none.toml"},
                                                       {"run", "."},
                                                       {"check"},
                                                       {"graph", "p.toml", "--format", "svg"}};
  for (auto const& arguments : wrong) {
    CAPTURE(arguments);
    auto const result = place.program(arguments);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK_FALSE(result.err.empty());
  }
  CHECK(names_of(files_in(place.folder.path())) == std::vector<std::string>{"p.toml"});
}

TEST_CASE("published numbers are shown beside the computed ones and change no result") {
  std::string const published =
      "[published]\nsource = \"Table 7\"\n\"score.miou\" = 50\n\"score.auc\" = 1\n";
  Workplace const place(scenes_pipeline(4, published));
  auto const result = place.run("out");
  REQUIRE(result.status == 0);
  double const miou = json_in(place.folder / "out/metrics.json")["score"]["miou"];
  char line[128];
  std::snprintf(line, sizeof line, "  score.miou  %.2f      50.00      %+.2f\n", 100 * miou,
                100 * miou - 50);
  CHECK_THAT(result.out, Contains("percent, beside Table 7\n") && Contains(line) &&
                             Contains("  score.auc       -       1.00           -\n"));

  place.pipeline_file(scenes_pipeline(4));
  REQUIRE(place.run("plain").status == 0);
  CHECK(read_text(place.folder / "out/metrics.json") ==
        read_text(place.folder / "plain/metrics.json"));
  auto const again = place.run("out", {"--resume"});
  CHECK(again.status == 0);
  CHECK_THAT(again.out, Contains("4 reused") && !Contains("Table 7"));

  place.pipeline_file(scenes_pipeline(
      4, "[sweep]\n\"select.t1\" = [0.4, 0.5]\n[published]\n\"score.miou\" = [33.25, nan]\n"));
  CHECK_THAT(place.run("sweep").out, Contains("(33.25)") && Contains("here (published numbers)"));
}

TEST_CASE("a run over other samples than the published numbers says why") {
  std::string const published = "[published]\nsamples = 4\n\"score.miou\" = 50\n";
  std::string const remark = "The published numbers are not over the same samples: ";
  Workplace const place(scenes_pipeline(4, published));
  CHECK_THAT(place.run("whole").out, !Contains(remark));
  CHECK_THAT(place.run("limited", {"--limit", "3"}).out,
             Contains(remark + "limit = 3, the published numbers are over 4 samples, the run has 3"));
  CHECK_THAT(place.run("other", {"--set", "scenes.count=5"}).out,
             Contains(remark + "the published numbers are over 4 samples, the run has 5"));
}

TEST_CASE("published numbers of a sweep of one axis end with the mean of both columns") {
  Workplace const place(scenes_pipeline(
      4, "[sweep]\n\"select.t1\" = [0.4, 0.5]\n[published]\n\"score.miou\" = [30, 33]\n"));
  auto const result = place.run("out");
  REQUIRE(result.status == 0);
  double sum = 0;
  for (auto const& variant : std::filesystem::directory_iterator(place.folder / "out/variants")) {
    sum += double(json_in(variant.path() / "metrics.json")["score"]["miou"]);
  }
  char line[64];
  std::snprintf(line, sizeof line, "  mean           %.2f (31.50)\n", 50 * sum);
  CHECK_THAT(result.out, Contains(line));
}
