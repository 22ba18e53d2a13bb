// Running a sweep, and the files that it writes.
#include "support/sweep_files.hpp"

TEST_CASE("a sweep writes the documented files, each equal to that of its variant run alone") {
  Workplace const place(pipeline(kTwoAxes));
  auto const result = place.run("sweep");
  INFO(result.err);
  REQUIRE(result.status == 0);
  fs::path const sweep = place.folder / "sweep";
  auto const all = files_in(sweep);

  Names expected = {"before.classes.csv", "before.csv",   "ledger.jsonl",
                    "ledger.records",     "log.txt",      "metrics.json",
                    "pipeline.toml",      "run.json",     "sweep.csv"};
  for (int i = 0; i < 10; ++i) {
    std::string const png = "/scene_00000" + std::to_string(i) + ".png";
    expected.push_back("truth" + png);
    for (std::string const& variant : kSix)
      expected.push_back("variants/" + variant + "/write" + png);
  }
  for (std::string const& variant : kSix) {
    for (char const* const name : {"metrics.json", "pipeline.toml", "score.classes.csv",
                                   "score.csv"}) {
      expected.push_back("variants/" + variant + "/" + name);
    }
  }
  std::ranges::sort(expected);
  CHECK(names_of(all) == expected);

  place.pipeline_file(pipeline());
  for (std::string const& variant : kSix) {
    fs::path const alone = place.folder / variant;
    REQUIRE(place.run(variant, settings_of(variant)).status == 0);
    require_variant_like(sweep, variant, alone);
    require_equal(below(all, "truth"), files_in(alone / "truth"));
    CHECK(all.at("before.csv") == read_text(alone / "before.csv"));
    CHECK(json_in(sweep / "metrics.json")["before"] == json_in(alone / "metrics.json")["before"]);
  }
  CHECK(json_in(sweep / "metrics.json").size() == 1);
}

TEST_CASE("sweep.csv has a row for each variant: name, axes in the order of the file, scores") {
  Workplace const place(pipeline(kTwoAxes));
  REQUIRE(place.run("sweep").status == 0);
  auto const rows = rows_of(read_text(place.folder / "sweep/sweep.csv"));
  REQUIRE(rows.size() == 7);
  Names columns = {"variant", "select.t1", "select.t2"};
  Names const scores = {"miou", "precision", "recall"};
  for (std::string const group :
       {"score.", "score.image_mean.", "score.baseline.", "score.baseline.image_mean.",
        "score.gain.", "before.", "before.image_mean."}) {
    for (std::string const& score : scores) columns.push_back(group + score);
  }
  // Counts behind all scores.
  for (char const* const images : {"score.images", "score.baseline.images", "before.images"}) {
    columns.emplace_back(images);
  }
  CHECK(rows[0] == columns);
  for (std::size_t v = 0; v < kSix.size(); ++v) {
    Names const& row = rows[v + 1];
    REQUIRE(row.size() == columns.size());
    CHECK(row[0] == kSix[v]);
    CHECK("select.t1=" + row[1] + ",select.t2=" + row[2] == kSix[v]);
    auto const metrics = json_in(place.folder / "sweep/variants" / kSix[v] / "metrics.json");
    CHECK(std::stod(row[3]) == metrics["score"]["miou"].get<double>());
    CHECK(std::stod(row[11]) == metrics["score"]["baseline"]["recall"].get<double>());
    CHECK(std::stod(row[15]) == metrics["score"]["gain"]["miou"].get<double>());
    CHECK(std::stod(row[18]) == metrics["before"]["miou"].get<double>());
  }
}

TEST_CASE("a sweep of two axes is shown as a grid, the first axis across, the best score marked") {
  Workplace const place(pipeline(kTwoAxes));
  auto const result = place.run("sweep");
  auto const rows = rows_of(read_text(place.folder / "sweep/sweep.csv"));
  std::size_t best = 1;
  std::vector<std::string> percent;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    if (std::stod(rows[r][3]) > std::stod(rows[best][3])) best = r;
    char text[16];
    std::snprintf(text, sizeof text, "%.2f", 100 * std::stod(rows[r][3]));
    percent.emplace_back(text);
  }
  CHECK(best_in(place.folder / "sweep") == Names{rows[best][0]});
  percent[best - 1] += "*";
  auto const lines = lines_of(result.out);
  auto const heading = std::ranges::find_if(
      lines, [](std::string const& line) { return line.find("select.t2 \\ select.t1") == 2; });
  REQUIRE(lines.end() - heading > 3);
  CHECK_THAT(*(heading - 1), Contains("mIoU, percent"));
  auto const words = [](std::string const& line) {
    std::istringstream stream(line);
    return Names(std::istream_iterator<std::string>(stream), {});
  };
  CHECK(words(heading[0]) == Names{"select.t2", "\\", "select.t1", "0.3", "0.5", "0.7"});
  CHECK(words(heading[1]) == Names{"0.6", percent[0], percent[2], percent[4]});
  CHECK(words(heading[2]) == Names{"0.85", percent[1], percent[3], percent[5]});
  CHECK_THAT(heading[3], Contains("best: " + rows[best][0]));
  CHECK_THAT(result.out, Contains("6 variants"));
  CHECK(occurrences(result.out, " write/") == 1);
  CHECK(occurrences(result.out, "score.csv") == 1);
}

TEST_CASE("the summary of a sweep has the conditions of its scores and the share of 255") {
  CHECK_THAT(Workplace(pipeline(kTwoAxes)).run("sweep").out,
             Contains("\nscore: mean over classes: union; 255 in the labels: miss\n"
                      "score: 255 in the labels: 0.00 % of the pixels\n"));
  Workplace const place(pipeline("[sweep]\n\"score.convention\" = [\"seam\", \"irn\"]\n"));
  auto const result = place.run("sweep");
  CHECK_THAT(
      result.out,
      Contains("\nscore: convention seam, mean over classes: all; 255 in the labels: miss; in "
               "score.convention=seam\n"
               "score: convention irn, mean over classes: union; 255 in the labels: "
               "background; in score.convention=irn\n"
               "score: 255 in the labels: 0.00 % of the pixels\n"));
  Json const score =
      json_in(place.folder / "sweep/variants/score.convention=irn/metrics.json")["score"];
  CHECK(score["conditions"] ==
        "convention irn, mean over classes: union; 255 in the labels: background");
  CHECK(score["remark"] == "255 in the labels: 0.00 % of the pixels");
}

TEST_CASE("the best of several equal variants is the first") {
  // No pseudo-label of a scene has a 255 to keep.
  Workplace const place(
      pipeline("[sweep]\n\"select.keep_ignore\" = [true, false]\n\"select.t1\" = [0.5]\n"));
  auto const result = place.run("sweep");
  REQUIRE(result.status == 0);
  auto const rows = rows_of(read_text(place.folder / "sweep/sweep.csv"));
  REQUIRE(rows[1][3] == rows[2][3]);
  CHECK(best_in(place.folder / "sweep") == Names{rows[1][0]});
  CHECK(occurrences(result.out, "*") == 2);  // in the grid, and what it means
}

TEST_CASE("a sweep writes the same bytes with any number of threads") {
  Workplace const place(pipeline(kTwoAxes, 40));
  REQUIRE(place.run("one", {"--jobs", "1"}).status == 0);
  auto const expected = results_in(place.folder / "one");
  for (Names const& way : std::vector<Names>{{"--jobs", "8"},
                                             {"--jobs", "8", "--set", "run.in_flight=1"},
                                             {"--jobs", "2", "--set", "run.in_flight=100"}}) {
    CAPTURE(way);
    std::string const out = "out" + way[1] + std::to_string(way.size()) + way.back();
    REQUIRE(place.run(out, way).status == 0);
    require_equal(results_in(place.folder / out), expected);
  }
}

TEST_CASE("pipeline.toml repeats the sweep, and that of a variant repeats the variant") {
  Workplace const place(pipeline(kTwoAxes));
  REQUIRE(place.run("sweep").status == 0);
  REQUIRE(place.program({"run", "sweep/pipeline.toml", "--out", "again"}).status == 0);
  require_equal(results_in(place.folder / "again"), results_in(place.folder / "sweep"));
  std::string const variant = "sweep/variants/" + kSix[3] + "/pipeline.toml";
  REQUIRE(place.program({"run", variant, "--out", "alone"}).status == 0);
  require_variant_like(place.folder / "sweep", kSix[3], place.folder / "alone");
  CHECK(read_text(place.folder / "alone/pipeline.toml") == read_text(place.folder / variant));
}

TEST_CASE("the option --sweep gives the same results as [sweep]") {
  Workplace const place(pipeline(kTwoAxes));
  REQUIRE(place.run("file").status == 0);
  place.pipeline_file(pipeline());
  REQUIRE(place
              .run("arguments", {"--sweep", "select.t1={from=0.3,to=0.7,step=0.2}", "--sweep",
                                 "select.t2=0.6,0.85"})
              .status == 0);
  auto file = results_in(place.folder / "file"), arguments = results_in(place.folder / "arguments");
  file.erase("pipeline.toml");
  arguments.erase("pipeline.toml");
  require_equal(arguments, file);
}

TEST_CASE("up to eight variants keep their files and more keep none without --keep") {
  Workplace const place(pipeline());
  auto const has_files = [&](std::string const& run) {
    return std::ranges::any_of(files_in(place.folder / run), [](auto const& file) {
      return file.first.find("/write/") != std::string::npos;
    });
  };
  std::string const eight = "select.t1={from=0.1,to=0.8,step=0.1}";
  std::string const nine = "select.t1={from=0.1,to=0.9,step=0.1}";
  auto const few = place.run("eight", {"--sweep", eight});
  CHECK(has_files("eight"));
  CHECK_THAT(few.out, Contains("in variants/VARIANT: write/"));
  auto const many = place.run("nine", {"--sweep", nine});
  REQUIRE(many.status == 0);
  CHECK_FALSE(has_files("nine"));
  CHECK_THAT(many.out, Contains("no files of write/ in any variant, because there are many") &&
                           Contains("--keep"));
  CHECK(files_in(place.folder / "nine/truth").size() == 10);  // no variant's
  CHECK(files_in(place.folder / "nine/variants/select.t1=0.9").size() == 4);

  REQUIRE(place.run("none", {"--sweep", eight, "--keep", "none"}).status == 0);
  CHECK_FALSE(has_files("none"));
  auto const all = place.run("all", {"--sweep", nine, "--keep", "all"});
  REQUIRE(all.status == 0);
  CHECK(occurrences(all.out, "no files") == 0);
  CHECK(files_in(place.folder / "all/variants/select.t1=0.9/write").size() == 10);

  // The scores are the same.
  Files kept = results_in(place.folder / "all"), not_kept = results_in(place.folder / "nine");
  std::erase_if(kept,
                [](auto const& file) { return file.first.find("/write/") != std::string::npos; });
  for (Files* const files : {&kept, &not_kept}) {
    files->erase("pipeline.toml");   // says what is kept
    files->erase("ledger.records");  // knows the files
  }
  require_equal(kept, not_kept);
}

TEST_CASE(
    "the option --keep best writes the files of the best variant, equal to those of its run "
    "alone") {
  Workplace const place(
      pipeline("[sweep]\n\"select.t1\" = { from = 0.1, to = 0.9, step = 0.1 }\n"
               "[run]\nkeep = \"best\"\n"));
  auto const result = place.run("sweep", {"--jobs", "2"});
  REQUIRE(result.status == 0);
  Names const best = best_in(place.folder / "sweep");
  REQUIRE(best.size() == 1);
  CHECK_THAT(result.out, Contains("in variants/" + best[0] + ": write/"));
  place.pipeline_file(pipeline());
  REQUIRE(place.run("alone", settings_of(best[0])).status == 0);
  require_variant_like(place.folder / "sweep", best[0], place.folder / "alone");
  std::size_t files = 0;
  for (auto const& [name, bytes] : files_in(place.folder / "sweep/variants")) {
    if (name.find("/write/") != std::string::npos) ++files;
  }
  CHECK(files == 10);
  auto const record = json_in(place.folder / "sweep/run.json");
  CHECK(record["status"] == "done");
  CHECK(record["samples"]["done"] == 10);
}

TEST_CASE("the option --keep best without an evaluator is refused before anything runs") {
  std::string text = pipeline("[sweep]\n\"select.t1\" = [0.3, 0.5]\n");
  // Without evaluators.
  text.erase(text.find("[stages.before]"), text.find("[sweep]") - text.find("[stages.before]"));
  text.erase(text.find("[stages.score]"),
             text.find("[stages.write]") - text.find("[stages.score]"));
  Workplace const place(text);
  auto const result = place.run("sweep", {"--keep", "best"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("keep = \"best\" needs an evaluator"));
  CHECK_FALSE(fs::exists(place.folder / "sweep"));
  // Without evaluators there is nothing but files to make.
  REQUIRE(place.run("many", {"--sweep", "select.t1={from=0.1,to=0.9,step=0.1}"}).status == 0);
  CHECK(files_in(place.folder / "many/variants/select.t1=0.9/write").size() == 10);
}

TEST_CASE("work that variants share is done once, and so is what follows from equal results") {
  Workplace const place(pipeline(kTwoAxes));
  REQUIRE(place.run("sweep", {"--trace", "trace.json"}).status == 0);
  fs::path const trace = place.folder / "trace.json";
  CHECK(worked(trace, "assign") == 10);
  CHECK(worked(trace, "truth") == 10);
  CHECK(worked(trace, "before") == 10);
  auto const selected = worked(trace, "select");
  CHECK(selected >= 10);
  CHECK(selected < 60);
  CHECK(worked(trace, "score") == selected);
  CHECK(worked(trace, "write") == selected);
}

TEST_CASE("an axis can be a whole stage: masks are read once for four baselines") {
  DiskData const place;
  std::string axis = "[sweep]\ncam = [\n";
  for (std::string const name : {"a", "b", "c", "d"}) {
    fs::copy(place.folder / "data/pseudo", place.folder / name);
    axis += "{ name = \"" + name + "\", use = \"cam.labels\", dir = \"" + name + "\" },\n";
  }
  place.pipeline_file(DiskData::pipeline(axis + "]\n"));
  auto const result = place.run("sweep", {"--trace", "trace.json"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(worked(place.folder / "trace.json", "sam") == 8);
  CHECK(worked(place.folder / "trace.json", "cam") == 32);
  CHECK(worked(place.folder / "trace.json", "assign") == 32);
  auto const rows = rows_of(read_text(place.folder / "sweep/sweep.csv"));
  REQUIRE(rows.size() == 5);
  CHECK(rows[0][1] == "cam");
  CHECK(rows[4][0] == "cam=d");
  CHECK(rows[4][1] == "d");
  place.pipeline_file(DiskData::pipeline());
  REQUIRE(place.run("alone", {"--set", "cam.dir=c"}).status == 0);
  require_variant_like(place.folder / "sweep", "cam=c", place.folder / "alone");
}

TEST_CASE("the variants of [[variant]] run like those of axes, and combined with them") {
  Workplace const place(
      pipeline("[sweep]\n\"select.t1\" = [0.3, 0.5]\n"
               "[[variant]]\nname = \"support\"\n"
               "set = { \"select.overlap\" = \"support\", \"select.t2\" = 0.7 }\n"
               "[[variant]]\nname = \"as it is\"\n"));
  auto const result = place.run("sweep");
  INFO(result.err);
  REQUIRE(result.status == 0);
  auto const rows = rows_of(read_text(place.folder / "sweep/sweep.csv"));
  REQUIRE(rows.size() == 5);
  CHECK(rows[1][0] == "support,select.t1=0.3");
  CHECK(rows[4][0] == "as-it-is,select.t1=0.5");
  CHECK(rows[0][1] == "select.t1");
  // The names are the second axis of the grid, and of that of seplflow show.
  for (std::string const& text : {result.out, place.program({"show", "sweep"}).out}) {
    CHECK_THAT(text, Contains("variant \\ select.t1") && Contains("\n  as-it-is "));
  }
  place.pipeline_file(pipeline());
  REQUIRE(place
              .run("alone", {"--set", "select.overlap=support", "--set", "select.t2=0.7", "--set",
                             "select.t1=0.5"})
              .status == 0);
  require_variant_like(place.folder / "sweep", "support,select.t1=0.5", place.folder / "alone");
}
