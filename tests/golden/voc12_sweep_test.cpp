// The paper's table of thresholds with the program, on real labels: an independent program made the
// table that must come out.
#include <cmath>
#include <filesystem>
#include <map>

#include "run/csv.hpp"
#include "support/catch.hpp"
#include "support/voc_layout.hpp"

namespace fs = std::filesystem;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(fs::path const& csv) {
  Rows rows;
  seplflow::CsvReader reader(csv);
  for (std::vector<std::string> cells; reader.next(cells);) rows.push_back(cells);
  return rows;
}

// Samples that a stage worked on, over all its variants.
std::map<std::string, int> worked(fs::path const& trace) {
  std::map<std::string, int> counts;
  Json const json = json_in(trace);
  for (Json const& event : json["traceEvents"]) ++counts[event["name"].get<std::string>()];
  return counts;
}

std::vector<std::string> const kTransCam = {"--set", "cam.dir=labels/transcam", "--set",
                                            "cam.method=transcam"};

std::vector<std::string> with_transcam(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), kTransCam.begin(), kTransCam.end());
  return arguments;
}

}  // namespace

TEST_CASE("real labels: 49 settings of one run are what 49 runs were") {
  VocLayout voc("with_masks.txt");
  auto const result = voc.run("paper/table3.toml", "sam_json",
                              with_transcam({"--limit", "100", "--trace", "trace"}));
  INFO(result.err);
  REQUIRE(result.status == 0);
  Rows const expected = rows_of(test_data() / "voc12-transcam/expected/sweep_first100.csv");
  Rows const found = rows_of(voc.folder / "run/sweep.csv");
  REQUIRE(expected.size() == 50);
  REQUIRE(found.size() == 50);
  REQUIRE(found[0][3] == "score.miou");
  REQUIRE(found[0][4] == "score.precision");
  REQUIRE(found[0][5] == "score.recall");
  double best = 0;
  for (std::size_t r = 1; r < expected.size(); ++r) {
    CAPTURE(found[r][0]);
    CHECK(found[r][0] == "select.t1=" + found[r][1] + ",select.t2=" + found[r][2]);
    for (std::size_t c = 0; c < 5; ++c) {
      CHECK(std::abs(std::stod(found[r][c + 1]) - std::stod(expected[r][c])) < 1e-9);
    }
    best = std::max(best, std::stod(expected[r][2]));
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.2f*", 100 * best);
  CHECK_THAT(result.out, Contains(text) && Contains("no files of write/ in any variant"));

  // What no threshold concerns is done once for each image, and no setting is done 49 times.
  auto counts = worked(voc.folder / "trace");
  CHECK(counts["cam"] == 100);
  CHECK(counts["sam"] == 100);
  CHECK(counts["assign"] == 100);
  CHECK(counts["select"] >= 100);
  CHECK(counts["select"] < 49 * 100 / 2);
  CHECK(counts["score"] == counts["select"]);
  CHECK(counts["write"] == 0);
}

TEST_CASE("real labels: a variant of 49 is a run of its own") {
  VocLayout voc("with_masks.txt");
  REQUIRE(voc.run("paper/table3.toml", "sam_json", with_transcam({"--limit", "20"})).status == 0);
  std::string const variant = "run/variants/select.t1=0.3,select.t2=0.65/";
  auto const alone = run_seplflow({"run", (voc.folder / variant / "pipeline.toml").string(),
                                   "--out", (voc.folder / "alone").string()});
  INFO(alone.err);
  REQUIRE(alone.status == 0);
  for (char const* const file : {"metrics.json", "score.csv", "pipeline.toml"}) {
    CAPTURE(file);
    CHECK(read_text(voc.folder / "alone" / file) == read_text(voc.folder / variant / file));
  }
}

TEST_CASE("real labels: four baselines share the masks, which are decoded once") {
  VocLayout voc("with_masks.txt");
  std::string axis;
  for (std::string const name : {"a", "b", "c", "d"}) {
    fs::create_directory_symlink(voc.folder / "all_labels", voc.folder / name);
    axis += (axis.empty() ? "" : ",") + std::string("{name=\"") + name +
            "\", use=\"cam.labels\", dir=\"" + name + "\"}";
  }
  auto const result = voc.run("voc12/transcam.toml", "sam_json",
                              {"--limit", "50", "--trace", "trace", "--sweep", "cam=" + axis});
  INFO(result.err);
  REQUIRE(result.status == 0);
  auto counts = worked(voc.folder / "trace");
  CHECK(counts["sam"] == 50);
  CHECK(counts["cam"] == 200);
  CHECK(counts["assign"] == 200);
  std::vector<int> masks;
  Json const record = json_in(voc.folder / "run/run.json");
  for (Json const& stage : record["stages"]) {
    if (stage["stage"] == "sam") masks.push_back(stage["in"]);
  }
  CHECK(masks == std::vector<int>{50});
  Rows const rows = rows_of(voc.folder / "run/sweep.csv");
  REQUIRE(rows.size() == 5);
  for (std::size_t r = 2; r < rows.size(); ++r) CHECK(rows[r][2] == rows[1][2]);
}
