// seplflow compare: which folders it accepts.
#include "support/compared_runs.hpp"

TEST_CASE("compare reports different versions and plugins") {
  Pair const runs;
  runs.change_json("b/run.json", [](Json& record) {
    record["versions"]["seplflow"] = "9.9.9";
    for (Json& plugin : record["plugins"]) {
      bool const is_sepl = plugin["path"].get<std::string>().ends_with("seplflow_sepl.so");
      plugin["path"] =
          "/elsewhere/" + fs::path(plugin["path"].get<std::string>()).filename().string();
      if (is_sepl) plugin["xxh128"] = "0123456789abcdef0123456789abcdef";
    }
  });
  std::string const out = runs.compare().out;
  std::string const title = "What differs in the program";
  CHECK(row(out, title, "versions.seplflow")[1] == "9.9.9");
  CHECK(row(out, title, "seplflow_sepl.so")[1] == "0123456789ab");
  CHECK_THAT(out, !Contains("seplflow_eval.so"));
  Json const programs = runs.compare_json()["programs"];
  REQUIRE(programs.size() == 2);
  CHECK(programs[1]["values"][1] == "0123456789abcdef0123456789abcdef");
  // run.json is not needed.
  fs::remove(runs.folder / "b/run.json");
  auto const without = runs.compare();
  CHECK(without.status == 0);
  CHECK_THAT(without.out, StartsWith("A = a (done)\nB = b\n"));
  CHECK(runs.compare_json()["runs"][1]["status"] == nullptr);
}

TEST_CASE("variants of a sweep are compared like runs") {
  Sweep const sweep;
  auto const result = sweep.compare({sweep.a, sweep.b});
  CHECK(result.err.empty());
  CHECK(result.status == 0);
  std::string expected = sweep.compare().out;
  CHECK(result.out.substr(result.out.find("\n\n")) == expected.substr(expected.find("\n\n")));
  CHECK_THAT(result.out, StartsWith("A = s/variants/t1=0.5 (done)\nB = s/variants/t1=0.25 (done)"));
  CHECK(sweep.compare({"a", sweep.b}).status == 0);
  // An evaluator that serves all variants has its table in the folder of the sweep.
  for (auto const& variant : {sweep.a, sweep.b}) fs::remove(sweep.folder / variant / "score.csv");
  sweep.copy("a/score.csv", "s/score.csv");
  CHECK_THAT(sweep.compare({sweep.a, sweep.b}).out,
             Contains("12 images: 0 improved, 0 harmed, 12 equal"));
}

TEST_CASE("compare needs a variant of a sweep, not the sweep") {
  Sweep const sweep;
  auto const result = sweep.compare({"a", "s"});
  CHECK(result.status == 2);
  CHECK(result.err ==
        "error: s is a sweep; name one of its variants: s/variants/t1=0.25 (the best), t1=0.5\n");
  sweep.change_json("s/run.json", [](Json& record) {
    record["variants"] = Json::array();
    for (int i = 0; i < 10; ++i) record["variants"].push_back({{"variant", std::to_string(i)}});
  });
  CHECK(sweep.compare({"s", "a"}).err ==
        "error: s is a sweep; name one of its variants: s/variants/0, 1, 2, 3 and 6 more\n");
  sweep.change_json("s/run.json", [](Json& record) { record["status"] = "interrupted"; });
  auto const stopped = sweep.compare({"a", sweep.b});
  CHECK(stopped.status == 2);
  CHECK(stopped.err ==
        "error: the sweep of s/variants/t1=0.25 is not complete (status \"interrupted\"); "
        "complete it with --resume\n");
}

TEST_CASE("compare refuses incomplete runs and other folders") {
  Pair const runs;
  auto const refusal = [&](std::vector<std::string> const& arguments) {
    auto const result = runs.compare(arguments);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK_THAT(refusal({}), Contains("RUN is missing"));
  CHECK_THAT(refusal({"a", "b", "--extremes", "-1"}), Contains("--extremes"));
  CHECK(refusal({"a", "nowhere"}) == "error: there is no folder nowhere\n");
  CHECK(refusal({"a", "p.toml"}) == "error: p.toml is a file; name the folder of a run\n");
  fs::create_directory(runs.folder / "empty");
  CHECK(refusal({"empty", "a"}) ==
        "error: empty is not a run folder: it has neither run.json nor metrics.json\n");
  fs::remove(runs.folder / "b/pipeline.toml");
  CHECK(refusal({"a", "b"}) ==
        "error: b is not complete (it has no pipeline.toml); complete it with --resume\n");
  fs::remove(runs.folder / "b/metrics.json");
  CHECK(refusal({"a", "b"}) ==
        "error: b is not complete (it has no metrics.json); complete it with --resume\n");
  for (std::string const status : {"running", "failed", "interrupted"}) {
    runs.change_json("b/run.json", [&](Json& record) { record["status"] = status; });
    CHECK(refusal({"a", "b"}) ==
          "error: b is not complete (status \"" + status + "\"); complete it with --resume\n");
  }
  runs.change_json("b/run.json", [&](Json& record) { record["format"] = 1000; });
  CHECK_THAT(refusal({"a", "b"}), Contains("b/run.json has format 1000"));
  runs.folder.write("b/run.json", "{\"format\": ");
  CHECK_THAT(refusal({"a", "b"}), Contains("b/run.json is not the record of a run"));
}

TEST_CASE("a run with failed samples is complete") {
  Pair const runs;
  runs.change_json("b/run.json", [](Json& record) { record["status"] = "done_with_failures"; });
  auto const result = runs.compare();
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("B = b (done_with_failures)\n"));
}

TEST_CASE("damaged files are reported with the line") {
  Pair const runs;
  auto const refusal = [&](std::string const& file, std::string const& text) {
    std::string const before = read_text(runs.folder / file);
    runs.folder.write(file, text);
    auto const result = runs.compare();
    runs.folder.write(file, before);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(refusal("b/metrics.json", "{\n  \"score\": {\n    \"miou\": 0.5,,\n") ==
        "error: b/metrics.json:3: this is not JSON; the file is damaged\n");
  CHECK(refusal("b/metrics.json", "") ==
        "error: b/metrics.json:1: this is not JSON; the file is damaged\n");
  for (char const* const text : {"[]", "{\"score\": 1}", "3"}) {
    CHECK(refusal("b/metrics.json", text) ==
          "error: b/metrics.json:1: this is not an object with an entry for each evaluator; the "
          "file is damaged\n");
  }
  CHECK_THAT(refusal("b/pipeline.toml", "name = \"x\"\n[stages\n"),
             StartsWith("error: b/pipeline.toml:2: "));
  CHECK(refusal("b/score.csv", "") ==
        "error: b/score.csv:1: the table is empty; the file is damaged\n");
  CHECK(
      refusal("b/score.csv", "name,miou\nx,0.5\ny\n") ==
      "error: b/score.csv:3: this row has 1 cell, but there are 2 columns; the file is damaged\n");
  CHECK(refusal("b/score.csv", "name,miou\n\"x\ny\",0.5\nz,half\n") ==
        "error: b/score.csv:4: \"half\" in column \"miou\" is not a number\n");
  CHECK(refusal("b/score.csv", "name,miou\nx,0.5\n\"y,0.5\nz,1\n") ==
        "error: b/score.csv:3: a quote is not closed; the file is damaged\n");
  CHECK(refusal("b/score.csv", "name,miou\nx,0.5\n\"y\"z,0.5\n") ==
        "error: b/score.csv:3: text follows a closing quote; the file is damaged\n");
}
