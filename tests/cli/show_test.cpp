// seplflow show: what is in a run.
#include "cli/data_table.hpp"
#include "support/compared_runs.hpp"

namespace {

using seplflow::Cell;
using seplflow::cli::DataCell;
using seplflow::cli::DataTable;

ProgramResult show(Workplace const& place, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "show");
  return place.program(arguments);
}

std::string shown(Workplace const& place, std::vector<std::string> const& arguments) {
  auto const result = show(place, arguments);
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  return result.out;
}

Json shown_json(Workplace const& place, std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  return Json::parse(shown(place, arguments));
}

std::string refused(Workplace const& place, std::vector<std::string> const& arguments) {
  auto const result = show(place, arguments);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  return result.err;
}

// Images by their gain, which is in the column behind mIoU, precision, recall of both.
std::vector<std::pair<double, std::string>> gains_in(fs::path const& run) {
  std::vector<std::pair<double, std::string>> gains;
  auto const lines = lines_of(read_text(run / "score.csv"));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> cells;
    std::istringstream line(lines[i]);
    for (std::string cell; std::getline(line, cell, ',');) cells.push_back(cell);
    gains.emplace_back(std::stod(cells[7]), cells[0]);
  }
  std::ranges::stable_sort(gains, {}, &std::pair<double, std::string>::first);
  return gains;
}

}  // namespace

TEST_CASE("show has the scores of a run, before and after") {
  Workplace const place(scenes_pipeline(12));
  REQUIRE(place.run("r").status == 0);
  Json const score = json_in(place.folder / "r/metrics.json")["score"];
  std::string const out = shown(place, {"r", "--classes"});
  CHECK_THAT(out, StartsWith("scenes: done, 12 samples in "));
  CHECK_THAT(out, Contains("score (eval.miou): percent over 12 images (mean over classes: union; "
                           "255 in the labels: miss, 0.00 % of the pixels)"));
  CHECK(row(out, "score", "mIoU") == cells(score["baseline"]["miou"], score["miou"]));
  CHECK(row(out, "score: iou", "background")[1] ==
        percent(score["baseline"]["classes"][0]["iou"]));
  CHECK(row(out, "score: iou", "background")[2] == percent(score["classes"][0]["iou"]));
  Json const first = shown_json(place, {"r"})["scores"][0];
  CHECK(first["before"] == score["baseline"]["miou"]);
  CHECK(first["after"] == score["miou"]);
  auto const lines = lines_of(shown(place, {"r", "--csv"}));
  CHECK(lines[0] == "evaluator,score,unit,before,after,gain");
  CHECK_THAT(lines[1], StartsWith("score,mIoU,fraction," + score["baseline"]["miou"].dump() + "," +
                                  score["miou"].dump()));
}

TEST_CASE("show lists the worst and the best images by their gain") {
  Workplace const place(scenes_pipeline(12));
  REQUIRE(place.run("r").status == 0);
  auto const gains = gains_in(place.folder / "r");
  Json const json = shown_json(place, {"r", "--worst", "3", "--best", "2"});
  for (std::size_t i = 0; i < 3; ++i) CHECK(json["worst"][i]["name"] == gains[i].second);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(json["best"][i]["gain_miou"] == gains[gains.size() - 1 - i].first);
  }
  std::string const out = shown(place, {"r", "--worst", "3"});
  CHECK_THAT(out, Contains("score: the worst 3 images by gain_miou, percent") &&
                      Contains("Why? seplflow explain r " + gains[0].second));
  CHECK(lines_of(shown(place, {"r", "--worst", "100", "--csv"})).size() == 13);
  CHECK_THAT(shown(place, {"r", "--best", "1", "--by", "recall"}), Contains("image by recall"));
  CHECK_THAT(refused(place, {"r", "--worst", "1", "--by", "recal"}),
             Contains("has a column \"recal\"; did you mean \"recall\"?"));
  CHECK_THAT(refused(place, {"r", "--worst", "0"}), Contains("--worst"));
  CHECK_THAT(refused(place, {"r", "--worst", "1", "--best", "1", "--csv"}),
             Contains("--csv prints one table"));
  CHECK_THAT(refused(place, {"r", "--csv", "--json"}), Contains("choose one of the formats"));
  CHECK_THAT(refused(place, {"r", "--evaluator", "skore"}), Contains("did you mean \"score\"?"));
  CHECK(shown(place, {"r", "--evaluator", "score", "--csv"}) == shown(place, {"r", "--csv"}));
}

TEST_CASE("show has a sweep as a grid, and its best variant") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("s", {"--sweep", "select.t1=0.2,0.8", "--sweep", "select.t2=0.6,0.9"}).status ==
          0);
  Json const record = json_in(place.folder / "s/run.json");
  std::string best;
  for (Json const& each : record["variants"]) {
    if (each.contains("best")) best = each["variant"];
  }
  Json const metrics = json_in(place.folder / "s/variants" / best / "metrics.json")["score"];
  std::string const out = shown(place, {"s"});
  CHECK_THAT(out, Contains("select.t2 \\ select.t1") && Contains(percent(metrics["miou"]) + "*") &&
                      Contains("The best variant is " + best + "."));
  CHECK(row(out, "score", "mIoU") == cells(metrics["baseline"]["miou"], metrics["miou"]));
  CHECK(shown(place, {"s", "--csv"}) == read_text(place.folder / "s/sweep.csv"));
  REQUIRE(place.run("three", {"--sweep", "select.t1=0.2,0.8", "--sweep", "select.t2=0.6,0.9",
                              "--sweep", "select.overlap=last,smallest"})
              .status == 0);
  CHECK_THAT(shown(place, {"three"}),
             Contains("select.overlap = last, mIoU") && Contains("select.overlap = smallest, mIoU"));
  CHECK_THAT(shown(place, {"s/variants/" + best}), StartsWith("scenes, variant " + best + ": done"));
}

TEST_CASE("show says what it cannot show of a run that is not complete") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("r").status == 0);
  Json record = json_in(place.folder / "r/run.json");
  auto const changed = [&](auto const& change) {
    Json other = record;
    change(other);
    place.folder.write("r/run.json", other.dump());
    return shown(place, {"r"});
  };
  // Its metrics would be those of the run before.
  std::string const failed = changed([](Json& run) {
    run["status"] = "failed";
    run["error"] = "stage \"x\" failed";
  });
  CHECK_THAT(failed, StartsWith("scenes: failed, 6 samples") && Contains("error: stage \"x\" failed") &&
                         Contains("scores: the run is not complete (status \"failed\")") &&
                         !Contains("mIoU"));
  std::string const killed = changed([](Json& run) {
    for (char const* const key : {"samples", "stages", "seconds"}) run.erase(key);
    run["status"] = "running";
  });
  CHECK_THAT(killed, StartsWith("scenes: running, 6 samples\n") &&
                         Contains("it is at work or was killed; continue it with --resume"));
  CHECK_THAT(refused(place, {"r", "--worst", "1"}), Contains("has no table of images"));
  CHECK_THAT(refused(place, {"r", "--classes"}), Contains("there are no scores by class"));
  CHECK_THAT(refused(place, {"r", "--csv"}), Contains("r has no scores; it does not have scores:"));
  // An older version did not record what scores mean.
  std::string const older = changed([](Json& run) {
    run.erase("scores");
    run["versions"]["seplflow"] = "0.0.1";
  });
  CHECK_THAT(older, Contains("seplflow 0.0.1") && Contains("miou") && Contains("before"));
  std::string const merged = changed([](Json& run) { run["merged"] = {"a", "b"}; });
  CHECK_THAT(merged, Contains("merged from 2 runs"));
  fs::remove(place.folder / "r/run.json");
  CHECK_THAT(shown(place, {"r"}), Contains("miou") && Contains("there is no run.json"));
  fs::remove(place.folder / "r/metrics.json");
  CHECK_THAT(refused(place, {"r"}), Contains("is not a run folder"));
  CHECK_THAT(refused(place, {"nowhere"}), Contains("there is no folder nowhere"));
}

TEST_CASE("show lists failed samples, and runs without an evaluator") {
  std::string text = scenes_pipeline(6);
  text.erase(text.find("[stages.score]"), text.find("[stages.write]") - text.find("[stages.score]"));
  Workplace const place(text);
  REQUIRE(place.run("r").status == 0);
  CHECK_THAT(shown(place, {"r"}), Contains("scores: the pipeline has no evaluator"));
  Json record = json_in(place.folder / "r/run.json");
  record["status"] = "done_with_failures";
  record["samples"]["failed"] = 7;
  place.folder.write("r/run.json", record.dump());
  std::string ledger;
  for (int i = 0; i < 7; ++i) {
    ledger += "{\"id\": \"x" + std::to_string(i) +
              "\", \"outcome\": \"failed\", \"stage\": \"cam\", \"error\": \"no file\"}\n";
  }
  place.folder.write("r/ledger.jsonl", ledger);
  CHECK_THAT(shown(place, {"r"}),
             Contains("done with failed samples, 6 samples, 7 failed") &&
                 Contains("x4, stage \"cam\": no file\n  ... and 2 more; ledger.jsonl has all"));
}

TEST_CASE("tables escape what their format would take for markup") {
  DataTable const table{"a|b",
                        {"class", "x_y"},
                        {{{Cell("=1+1"), {}}, {Cell(0.125), DataCell::Kind::fraction}},
                         {{Cell("a&b_{c}|<d>\x1b[1m"), {}},
                          {Cell(-0.0125), DataCell::Kind::fraction_change}},
                         {{Cell("[x]"), {}}, {}}}};
  CHECK(csv_of(table) == "class,x_y\n'=1+1,0.125\na&b_{c}|<d>\\x1b[1m,-0.0125\n[x],\n");
  CHECK(latex_of(table) ==
        "% needs \\usepackage{booktabs}\n% a|b\n\\begin{tabular}{lr}\n\\toprule\n"
        "class & x\\_y \\\\\n\\midrule\n=1+1 & 12.50 \\\\\n"
        "a\\&b\\_\\{c\\}\\textbar{}\\textless{}d\\textgreater{}\\textbackslash{}x1b{[}1m & $-1.25$ \\\\\n"
        "{[}x{]} & - \\\\\n\\bottomrule\n\\end{tabular}\n");
  CHECK(markdown_of(table) ==
        "a\\|b\n\n| class | x\\_y |\n|---|---:|\n| =1+1 | 12.50 |\n"
        "| a&amp;b\\_{c}\\|&lt;d&gt;\\\\x1b\\[1m | -1.25 |\n| \\[x\\] | - |\n");
  CHECK(seplflow::json_text(json_of(table)[1]) ==
        "{\"class\": \"a&b_{c}|<d>\\u001b[1m\", \"x_y\": -0.0125}");
}
