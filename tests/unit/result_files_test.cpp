#include "run/result_files.hpp"

#include <cmath>
#include <limits>

#include "run/class_table.hpp"
#include "run/json.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

// Variants of "a" and "b" by two axes; "end" serves one each, "common" all.
Pipeline swept(std::string const& more = "") {
  return toy::parse(more +
                    "[stages.source]\nuse = \"toy.source\"\n"
                    "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"source.number\"\n"
                    "[stages.common]\nuse = \"toy.tally\"\nin = { number = \"source.number\" }\n"
                    "[stages.end]\nuse = \"toy.tally\"\nin = { number = \"knobs\" }\n"
                    "[sweep]\n\"knobs.text\" = [\"x,y\", \"z\"]\n\"knobs.count\" = [1, 2]\n");
}

Findings found(std::optional<double> score, Metrics metrics = {}) {
  Findings findings;
  findings.metrics = std::move(metrics);
  if (score) findings.scores.push_back({.name = "score", .value = *score});
  return findings;
}

// What "end" found in each variant.
AllFindings ends(Pipeline const& pipeline, std::vector<Findings> const& each) {
  AllFindings findings(pipeline.stages.size());
  for (std::size_t v = 0; v < each.size(); ++v) {
    for (std::size_t const s : pipeline.variants[v].stages) {
      if (pipeline.stages[s].name == "end") findings[s] = each[v];
    }
  }
  return findings;
}

Metrics numbers(double miou, double gain) {
  Metrics list = Metrics().set("iou", 0.5), mean = Metrics().set("miou", 0.25);
  return Metrics()
      .set("images", std::int64_t{3})
      .set("miou", miou)
      .set("none", nullptr)
      .set("name", std::string("text"))
      .set("classes", Metrics::List{list})
      .set("mean", mean)
      .set("gain", Metrics().set("miou", gain));
}

std::optional<std::size_t> best(std::vector<std::optional<double>> const& scores) {
  Pipeline const pipeline = swept();
  std::vector<Findings> each;
  for (auto const& score : scores) each.push_back(found(score));
  return best_variant(pipeline, ends(pipeline, each));
}

}  // namespace

TEST_CASE("the best variant has the smallest score if less is better") {
  Pipeline const pipeline = swept();
  std::vector<Findings> each;
  for (double const pixels : {std::nan(""), 12.75, 6.5, 25.5}) {
    each.push_back(found(pixels));
    each.back().scores.front().better = Better::less;
  }
  CHECK(best_variant(pipeline, ends(pipeline, each)) == 2u);
}

TEST_CASE("best_by selects the score by which variants are compared") {
  Pipeline pipeline = swept();
  std::vector<Findings> each;
  for (double const value : {0.1, 0.4, 0.2, 0.3}) {
    each.push_back(found(value));
    each.back().scores.front().metric = "miou";
    each.back().scores.push_back(
        {.name = "distance", .value = value, .metric = "px", .better = Better::less});
  }
  auto const findings = ends(pipeline, each);
  CHECK(best_variant(pipeline, findings) == 1);
  pipeline.best_by = "end.px";
  CHECK(best_variant(pipeline, findings) == 0);
  pipeline.best_by = "end.miuo";
  CHECK_FALSE(best_variant(pipeline, findings));
  CHECK(why_no_best(pipeline, findings) ==
        "no variant has the score \"end.miuo\" that best_by names; did you mean \"end.miou\"? "
        "(use \"end.miou\" or \"end.px\")");
}

TEST_CASE("the score of a variant does not depend on the order of the stages in the file") {
  Pipeline const pipeline = swept();
  AllFindings findings = ends(pipeline, std::vector<Findings>(4, found(0.9)));
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].name == "common") findings[s] = found(0.1);
  }
  // "common" comes before "end" in the alphabet.
  CHECK(score_of(pipeline, pipeline.variants[0], findings)->value == 0.1);
}

TEST_CASE("the best variant has the highest score, and is the first of equal ones") {
  CHECK(best({0.1, 0.3, 0.2, 0.25}) == 1u);
  CHECK(best({0.1, 0.3, 0.3, 0.3}) == 1u);
  CHECK(best({0.0, 0.0, 0.0, 0.0}) == 0u);
  CHECK(best({-0.2, -0.1, -0.3, -0.1}) == 1u);
}

TEST_CASE("a variant without a score is not the best") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(best({std::nullopt, 0.1, std::nullopt, 0.2}) == 3u);
  CHECK(best({std::nullopt, std::nullopt, std::nullopt, std::nullopt}) == std::nullopt);
  CHECK(best({nan, 0.1, nan, 0.2}) == 3u);
  CHECK(best({0.3, nan, 0.1, nan}) == 0u);
  CHECK(best({nan, nan, nan, nan}) == std::nullopt);
}

TEST_CASE("the first observer with a score gives a variant its score") {
  Pipeline const pipeline = swept();
  AllFindings findings = ends(pipeline, {found(0.1), found(0.2), found(0.3), found(0.4)});
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].name == "common") findings[s] = found(std::nullopt);
  }
  CHECK(best_variant(pipeline, findings) == 3u);
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].name == "common") findings[s] = found(0.5);
  }
  CHECK(best_variant(pipeline, findings) == 0u);
  CHECK(score_of(pipeline, pipeline.variants[2], findings)->value == 0.5);
}

TEST_CASE("the numbers of a variant are its scores and counts by path, in their order") {
  Pipeline const pipeline = swept();
  AllFindings const findings = ends(pipeline, {found(1, numbers(0.5, -0.125))});
  auto const found_numbers = numbers_of(pipeline, pipeline.variants[0], findings);
  CHECK(found_numbers.scores == decltype(found_numbers.scores){{"end.miou", 0.5},
                                                               {"end.none", std::nullopt},
                                                               {"end.mean.miou", 0.25},
                                                               {"end.gain.miou", -0.125}});
  CHECK(found_numbers.counts == decltype(found_numbers.counts){{"end.images", 3}});
  CHECK(numbers_of(pipeline, pipeline.variants[1], findings).scores.empty());
}

TEST_CASE("sweep.csv has a row for each variant with its name, its axes and its numbers") {
  Pipeline const pipeline = swept();
  AllFindings const findings =
      ends(pipeline, {found(1, numbers(0.5, 0.25)), found(1, numbers(0.1, 0)),
                      found(1, Metrics().set("miou", 1.0).set("more", 2.5)), found(1)});
  CHECK(sweep_csv(pipeline, findings) ==
        "variant,knobs.text,knobs.count,end.miou,end.none,end.mean.miou,end.gain.miou,end.more,"
        "end.images\n"
        "\"knobs.text=x,y,knobs.count=1\",\"x,y\",1,0.5,,0.25,0.25,,3\n"
        "\"knobs.text=x,y,knobs.count=2\",\"x,y\",2,0.1,,0.25,0,,3\n"
        "\"knobs.text=z,knobs.count=1\",z,1,1,,,,2.5,\n"
        "\"knobs.text=z,knobs.count=2\",z,2,,,,,,\n");
}

// What an evaluator finds of two classes: a name that needs quotes, and one without a score.
Metrics of_classes(double iou) {
  auto const entry = [](std::int64_t id, std::string name, Metrics::Value score) {
    return Metrics()
        .set("id", id)
        .set("name", std::move(name))
        .set("iou", std::move(score))
        .set("tp", 3);
  };
  return Metrics()
      .set("miou", iou)
      .set("classes", Metrics::List{entry(0, "=sky", iou), entry(1, "car, red", nullptr)});
}

TEST_CASE("sweep.csv has the scores of each class if the run asks for them") {
  std::string const setting = "sweep_csv = \"classes\"\n";
  Pipeline const means = swept(), classes = swept("[run]\n" + setting);
  CHECK_THAT(resolved_toml(means), !Contains("sweep_csv"));
  CHECK_THAT(resolved_toml(classes), Contains(setting));
  auto const findings = [](Pipeline const& pipeline) {
    return ends(pipeline,
                {found(1, of_classes(0.5)), found(1, of_classes(0.25)), found(1), found(1)});
  };
  CHECK_THAT(sweep_csv(means, findings(means)), !Contains("sky"));
  std::string const with = sweep_csv(classes, findings(classes));
  CHECK(with.starts_with(
      "variant,knobs.text,knobs.count,end.miou,end.classes.=sky.iou,\"end.classes.car, red.iou\"\n"
      "\"knobs.text=x,y,knobs.count=1\",\"x,y\",1,0.5,0.5,\n"));
}

TEST_CASE("the table of classes has their scores, those of the baseline and the gains") {
  Metrics metrics = of_classes(0.5);
  CHECK(class_table(metrics, CsvText::exact) == "id,name,iou\n0,=sky,0.5\n1,\"car, red\",\n");
  metrics.set("baseline", of_classes(0.125));
  CHECK(class_table(metrics, CsvText::spreadsheet) ==
        "id,name,iou,baseline_iou,gain_iou\n0,'=sky,0.5,0.125,0.375\n1,\"car, red\",,,\n");
  CHECK(class_table(Metrics().set("miou", 0.5), CsvText::exact).empty());
  CHECK(class_table(Metrics().set("classes", Metrics::List{Metrics().set("id", 1)}), CsvText::exact)
            .empty());
}

TEST_CASE("tables of classes lie beside the metrics that they are of") {
  TempFolder const folder;
  Pipeline const pipeline = swept();
  AllFindings findings =
      ends(pipeline, {found(1, of_classes(0.5)), found(1), found(1), found(1, of_classes(0.25))});
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].name == "common") findings[s] = found(1, of_classes(1));
  }
  RunFolder into(folder / "run", RunFolder::Claim::new_run);
  write_scores(into, pipeline, findings);
  std::string const last = "run/variants/" + pipeline.variants[3].name;
  CHECK_THAT(read_text(folder / last / "end.classes.csv"), Contains("0,=sky,0.25\n"));
  CHECK_THAT(read_text(folder / "run/common.classes.csv"), Contains("0,=sky,1\n"));
  CHECK_FALSE(std::filesystem::exists(folder / last / "common.classes.csv"));
  std::string const second = "run/variants/" + pipeline.variants[1].name;
  CHECK_FALSE(std::filesystem::exists(folder / second / "end.classes.csv"));
}

TEST_CASE("each variant has its metrics, and the run has those common to all") {
  TempFolder const folder;
  Pipeline const pipeline = swept();
  AllFindings findings = ends(pipeline, {found(1, Metrics().set("miou", 0.5)), found(1), found(1),
                                         found(1, Metrics().set("miou", 0.75))});
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (pipeline.stages[s].name == "common") findings[s] = found(1, Metrics().set("sum", 2.5));
  }
  RunFolder into(folder / "run", RunFolder::Claim::new_run);
  write_scores(into, pipeline, findings);
  auto const json = [&](std::string const& file) {
    return Json::parse(read_text(folder / "run" / file));
  };
  CHECK(json("metrics.json") == Json({{"common", {{"sum", 2.5}}}}));
  std::string const last = "variants/" + pipeline.variants[3].name + "/metrics.json";
  CHECK(json(last) == Json({{"common", {{"sum", 2.5}}}, {"end", {{"miou", 0.75}}}}));
}

TEST_CASE("without an observer common to all variants the run has no metrics of its own") {
  TempFolder const folder;
  Pipeline const pipeline = swept();
  RunFolder into(folder / "run", RunFolder::Claim::new_run);
  write_scores(into, pipeline, ends(pipeline, std::vector<Findings>(4, found(1))));
  CHECK_FALSE(std::filesystem::exists(folder / "run/metrics.json"));
}
