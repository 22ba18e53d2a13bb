// seplflow report: what the page has, and what it cannot show. tests/cli/report_test.py opens it.
#include "report/report.hpp"

#include <seplflow/formats/image_file.hpp>
#include "formats/image/web_pictures.hpp"
#include "report/overlay.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"

using seplflow::make_report, seplflow::Report;
namespace fs = std::filesystem;

namespace {

Report report_of(Workplace const& place, std::vector<std::string> const& runs) {
  seplflow::ReportRequest request;
  for (std::string const& run : runs) request.runs.push_back(place.folder / run);
  request.panels = 2;
  return make_report(request);
}

// What the page shows.
Json data_of(Report const& report) {
  std::string const begin = "<script type=\"application/json\" id=\"data\">";
  std::size_t const from = report.html.find(begin) + begin.size();
  return Json::parse(report.html.substr(from, report.html.find("</script>", from) - from));
}

std::string missing_in(Report const& report) {
  std::string text;
  for (std::string const& each : report.missing) text += each + "\n";
  return text;
}

void change_record(Workplace const& place, auto const& change) {
  Json record = json_in(place.folder / "r/run.json");
  change(record);
  place.folder.write("r/run.json", record.dump());
}

}  // namespace

TEST_CASE("a report has the scores, images and pictures of a run") {
  Workplace const place(scenes_pipeline(6, "[published]\nsource = \"a\"\n\"score.miou\" = 81.2\n"));
  REQUIRE(place.run("r").status == 0);
  Report const report = report_of(place, {"r"});
  CHECK(report.missing.empty());
  CHECK(seplflow::is_report(report.html));
  CHECK(occurrences(report.html, "://") == 0);
  Json const data = data_of(report), run = data["runs"][0];
  CHECK(run["metrics"] == json_in(place.folder / "r/metrics.json"));
  CHECK(run["score"] == Json{{"stage", "score"}, {"metric", "miou"}, {"less", false}});
  CHECK(run["images"]["names"].size() == 6);
  CHECK(run["pipeline"]["published"]["numbers"][0] == Json{"score.miou", 81.2});
  CHECK(run["pipeline"]["stages"][2]["reads"][1] == Json{"overlaps", "assign", ""});
  Json const panel = data["panels"][0];
  CHECK(panel["rank"]["worst"] == 0);
  CHECK(panel["width"] == 32);
  CHECK_THAT(panel["image"].get<std::string>(), StartsWith("data:image/jpeg;base64,/9j/"));
  std::vector<std::string> layers;
  for (Json const& layer : panel["layers"]) layers.push_back(layer["name"]);
  CHECK(layers == std::vector<std::string>{"before", "after", "ground truth"});
  // Nothing in it depends on when it is written.
  CHECK(report_of(place, {"r"}).html == report.html);
}

TEST_CASE("a report of a sweep has its grid and its best variant") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("r", {"--sweep", "select.t1=0.2,0.8", "--sweep", "select.t2=0.6,0.9"}).status ==
          0);
  Json const run = data_of(report_of(place, {"r"}))["runs"][0];
  CHECK(run["sweep"]["rows"].size() == 4);
  CHECK(run["pipeline"]["axes"] == Json{"select.t1", "select.t2"});
  fs::path const best = place.folder / "r/variants" / run["variant"].get<std::string>();
  CHECK(run["metrics"] == json_in(best / "metrics.json"));
  change_record(place, [](Json& record) {
    for (Json& each : record["variants"]) each.erase("best");
  });
  Report const none = report_of(place, {"r"});
  CHECK_THAT(missing_in(none), Contains("no variant of this sweep is the best one"));
  CHECK(data_of(none)["runs"][0]["sweep"]["rows"].size() == 4);
  std::string const variant = "r/variants/select.t1=0.2,select.t2=0.6";
  CHECK(data_of(report_of(place, {variant}))["panels"].size() > 0);
}

TEST_CASE("a report of runs side by side has the images that differ most") {
  Workplace const place(scenes_pipeline(8));
  REQUIRE(place.run("a").status == 0);
  REQUIRE(place.run("b", {"--set", "select.t1=0.1"}).status == 0);
  Json const data = data_of(report_of(place, {"a", "b"}));
  CHECK(data["runs"][1]["letter"] == "B");
  bool has_changed = false;
  for (Json const& panel : data["panels"]) {
    has_changed = has_changed || panel["rank"].contains("changed");
    CHECK(panel["layers"].back()["name"] == "ground truth");
    CHECK(panel["layers"][2]["name"] == "B after");
  }
  CHECK(has_changed);
}

TEST_CASE("a report of a run that is not complete says so and shows no scores") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("r").status == 0);
  for (std::string const status : {"running", "failed", "interrupted"}) {
    change_record(place, [&](Json& record) { record["status"] = status; });
    Report const report = report_of(place, {"r"});
    CHECK_THAT(missing_in(report), Contains("the run is not complete (status \"" + status + "\")"));
    Json const run = data_of(report)["runs"][0];
    CHECK_FALSE(run.contains("metrics"));
    CHECK_FALSE(run.contains("images"));
    CHECK(data_of(report)["panels"].size() == 2);  // of samples that are done
  }
}

TEST_CASE("a report of an older run, and of one with damaged files, shows the rest") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("r").status == 0);
  change_record(place, [](Json& record) {
    for (char const* const key : {"scores", "stages", "machine", "plugins", "seconds"})
      record.erase(key);
    record["versions"]["seplflow"] = "0.0.1";
  });
  Json const older = data_of(report_of(place, {"r"}));
  CHECK(older["runs"][0]["score"]["metric"] == "miou");
  CHECK_THAT(older["notes"].dump(), Contains("the run was written by seplflow 0.0.1"));
  std::string const table = read_text(place.folder / "r/score.csv");
  place.folder.write("r/score.csv", table + "x,1\n");
  Report const damaged = report_of(place, {"r"});
  CHECK_THAT(missing_in(damaged), Contains("score.csv:6: this row has 2 cells"));
  CHECK(data_of(damaged)["runs"][0].contains("metrics"));
  fs::remove(place.folder / "r/score.csv");
  CHECK_THAT(missing_in(report_of(place, {"r"})), Contains("there is no score.csv"));
  place.folder.write("r/metrics.json", "{");
  CHECK_THAT(missing_in(report_of(place, {"r"})), Contains("metrics.json:1: this is not JSON"));
  place.folder.write("r/pipeline.toml", "=");
  CHECK_THAT(missing_in(report_of(place, {"r"})), Contains("pipeline.toml:1"));
  fs::remove(place.folder / "r/run.json");
  fs::remove(place.folder / "r/metrics.json");
  CHECK_THROWS_WITH(report_of(place, {"r"}), Contains("is not a run folder"));
}

TEST_CASE("a report names pictures whose data was moved, and finds it where --set says") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("scenes").status == 0);
  fs::rename(place.folder / "scenes/write", place.folder / "labels");
  place.pipeline_file(
      "name = \"moved\"\n[stages.data]\nuse = \"dataset.folder\"\ntruth = \"labels\"\n"
      "classes = \"voc12\"\n[stages.cam]\nuse = \"cam.labels\"\nin = { sample = \"data\" }\n"
      "dir = \"labels\"\n[stages.score]\nuse = \"eval.miou\"\n"
      "in = { truth = \"data.truth\", labels = \"cam\" }\n");
  REQUIRE(place.run("r").status == 0);
  CHECK(report_of(place, {"r"}).missing.empty());
  Json const data = data_of(report_of(place, {"r"}));
  CHECK_THAT(data["notes"].dump(), Contains("stage \\\"data\\\" finds no image"));
  std::string const gone = data["panels"][1]["id"];
  fs::remove(place.folder / ("labels/" + gone + ".png"));
  for (Json const& panel : data_of(report_of(place, {"r"}))["panels"]) {
    bool const is_gone = panel["id"] == gone;
    CHECK(panel.contains("missing") == is_gone);
    if (is_gone) CHECK_THAT(panel["missing"].get<std::string>(), Contains("has no sample"));
  }
  fs::rename(place.folder / "labels", place.folder / "elsewhere");
  Report const moved = report_of(place, {"r"});
  CHECK_THAT(missing_in(moved), Contains("folder not found") && Contains("--set"));
  for (Json const& panel : data_of(moved)["panels"]) CHECK(panel.contains("missing"));
  auto const with_set = [&](std::string const& stage) {
    return place.program({"report", "r", "--set", "data.truth=elsewhere", "--set",
                          stage + ".dir=elsewhere", "--out", "found.html"});
  };
  CHECK(with_set("cam").err.empty());
  CHECK_THAT(with_set("came").err, Contains("--set came.dir=elsewhere"));
  CHECK(with_set("came").status == 2);
}

TEST_CASE("a report of a run without ground truth has pictures of the labels") {
  std::string pipeline = scenes_pipeline(5);
  auto const score = pipeline.find("[stages.score]"), write = pipeline.find("[stages.write]");
  Workplace const place(pipeline.erase(score, write - score));
  REQUIRE(place.run("r").status == 0);
  Report const report = report_of(place, {"r"});
  CHECK_THAT(missing_in(report), Contains("the pipeline has no evaluator"));
  Json const panels = data_of(report)["panels"];
  REQUIRE(panels.size() == 2);
  CHECK(panels[0]["rank"].contains("random"));
  CHECK(panels[0]["layers"].size() == 2);
}

TEST_CASE("the pictures of a report decode to what was drawn") {
  std::vector<std::uint8_t> const indices = {0, 1, 1, 0};
  std::vector<seplflow::ClearColour> const colours = {{0, 0, 0, 0}, {200, 10, 20, 255}};
  auto const png = seplflow::encode_palette_png({2, 2}, indices, colours);
  auto const decoded = seplflow::decode_image(png, "a picture");
  std::vector<std::uint8_t> const expected = {0, 0, 0, 200, 10, 20, 200, 10, 20, 0, 0, 0};
  CHECK(std::ranges::equal(decoded.rgb(), expected));
  CHECK_THROWS_WITH(seplflow::encode_palette_png({2, 2}, indices, std::span(colours).first(1)),
                    Contains("do not fit"));
  seplflow::Image const image({16, 24}, std::vector<std::uint8_t>(16 * 24 * 3, 90));
  auto const again = seplflow::decode_image(seplflow::encode_jpeg(image, 80), "a picture");
  CHECK(again.size() == image.size());
  CHECK(std::ranges::all_of(again.rgb(), [](int value) { return std::abs(value - 90) <= 2; }));
  CHECK(seplflow::shown_size({1000, 2000}) == seplflow::Size{320, 640});
  CHECK(seplflow::shown_size({10, 20}) == seplflow::Size{10, 20});
}

TEST_CASE("texts of a run cannot leave the data of a report") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("r").status == 0);
  change_record(place, [](Json& record) {
    record["name"] = "</title></script><script>x</script><!--@DATA@";
  });
  std::string const html = report_of(place, {"r"}).html;
  CHECK(occurrences(html, "<script>x") == 0);
  CHECK(occurrences(html, "<!--") == 0);
  CHECK(occurrences(html, "</script>") == 3);
}

TEST_CASE("report replaces only a file that it wrote") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("r").status == 0);
  auto const before = files_in(place.folder / "r");
  auto const report = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"report", "r", "--panels", "1"});
    return place.program(arguments);
  };
  REQUIRE(report({}).status == 0);
  CHECK(fs::exists(place.folder / "report.html"));
  CHECK(report({}).status == 0);
  CHECK(report({"--out", "new/folder/x.html"}).status == 0);
  CHECK(files_in(place.folder / "new").size() == 1);
  place.folder.write("thesis.html", "<p>mine</p>");
  auto const refused = report({"--out", "thesis.html"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err,
             Contains("was not written by seplflow report") && Contains("--overwrite"));
  CHECK(read_text(place.folder / "thesis.html") == "<p>mine</p>");
  CHECK(report({"--out", "thesis.html", "--overwrite"}).status == 0);
  CHECK_THAT(report({"--out", "r"}).err, Contains("r is a folder; name a file"));
  CHECK_THAT(report({"--out", "p.toml/x.html"}).err, Contains("p.toml"));
  CHECK(files_in(place.folder / "r") == before);
}
