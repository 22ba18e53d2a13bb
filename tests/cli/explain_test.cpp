// seplflow explain: why a run made of one image what it made.
#include <map>

#include "run/explained_sample.hpp"
#include "run/replay.hpp"
#include "support/compared_runs.hpp"
#include "support/toy_stages.hpp"

namespace {

using seplflow::ExplainedStage, seplflow::LabelMap, seplflow::Replay, seplflow::SampleValues;

ProgramResult explain(Workplace const& place, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explain");
  return place.program(arguments);
}

Json explained(Workplace const& place, std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  auto const result = explain(place, arguments);
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  return Json::parse(result.out);
}

std::string refused(Workplace const& place, std::vector<std::string> const& arguments) {
  auto const result = explain(place, arguments);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  return result.err;
}

}  // namespace

TEST_CASE("explain counts the pixels that each class won in a mask") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("r").status == 0);
  auto const catalog = seplflow::default_catalog();
  Replay replay({place.folder / "r", {}}, catalog);
  std::size_t const stage = explainable_stages(replay.pipeline(), true).at(0);
  CHECK(replay.pipeline().stages[stage].name == "select");
  CHECK(explainable_stages(replay.pipeline(), false).size() == 2);
  std::size_t masks = 0;
  for (SampleValues& values : replay.samples({"scene_000000", "scene_000003"})) {
    ExplainedStage const explained = explained_stage(values, stage);
    auto const value = values.value({stage, 0});
    LabelMap const& labels = *static_cast<LabelMap const*>(value.get());
    for (std::size_t i = 0; i < explained.winners.size(); ++i, ++masks) {
      std::map<int, std::uint64_t> counts;
      auto const& region = *explained.explanation.items[i].region;
      for (std::size_t run = 0; run < region.bounds().size(); run += 2) {
        for (std::uint32_t p = region.bounds()[run]; p < region.bounds()[run + 1]; ++p) {
          ++counts[labels.at(p % region.size().height, p / region.size().height)];
        }
      }
      std::uint64_t most = 0;
      for (auto const& [label, count] : counts) most = std::max(most, count);
      REQUIRE(explained.winners[i]);
      CHECK(explained.winners[i]->pixels == most);
      CHECK(counts[explained.winners[i]->label] == most);
    }
  }
  CHECK(masks > 5);
}

TEST_CASE("explain tries other options, with the scores that runs with them have") {
  Workplace const place(scenes_pipeline(5));
  REQUIRE(place.run("r").status == 0);
  REQUIRE(place.run("s", {"--sweep", "select.t1=0.2,0.5,0.7", "--sweep", "select.t2=0.6,0.9"})
              .status == 0);
  std::string const id = "scene_000002";
  Json const json = explained(place, {"r", id});
  CHECK(json["notes"].empty());
  CHECK(json["image"] == id);
  Json const& stage = json["stages"][0];
  CHECK(stage["trial_score"] == "score.miou");
  std::map<std::string, double> scores;
  int current = 0;
  for (Json const& trial : stage["trials"]) {
    scores["select.t1=" + trial["options"]["t1"].dump() +
           ",select.t2=" + trial["options"]["t2"].dump()] = trial["score"];
    current += trial["as_in_the_run"] ? 1 : 0;
    if (trial["as_in_the_run"]) CHECK(trial["score"] == json["scores"]["score"]["miou"]);
  }
  CHECK(current == 1);
  for (auto const& variant : fs::directory_iterator(place.folder / "s/variants")) {
    std::string const name = variant.path().filename().string();
    auto const images = scores_in(variant.path());
    auto const image = std::ranges::find(images, id, &Scores::value_type::first);
    REQUIRE(scores.contains(name));
    CHECK(scores[name] == image->second);
  }
}

TEST_CASE("explain prints a table for people, and draws a picture") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("r").status == 0);
  auto const result = explain(place, {"r", "scene_000001", "--out", "why.png"});
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out,
             StartsWith("scene_000001\n\nselect (sepl.select): t1 = 0.5, t2 = 0.85; ") &&
                 Contains("kept by t1  kept by t2") && Contains("pixels by class") &&
                 Contains("score: miou, percent, with other options (* as in the run)") &&
                 Contains("score (eval.miou), this image, percent") &&
                 Contains("In why.png, stage \"select\", from left to right: image, pseudo, kept, dropped, select, "
                          "truth"));
  std::string const bytes = read_text(place.folder / "why.png");
  CHECK(bytes.substr(1, 3) == "PNG");
  auto const lines = lines_of(explain(place, {"r", "scene_000001", "--csv"}).out);
  CHECK_THAT(lines[0], StartsWith("mask,area,class,decision,overlap,o_s,o_p,kept by t1,kept by t2,"));
  CHECK(lines_of(explain(place, {"r", "scene_000001", "--stage", "assign", "--csv"}).out).size() ==
        lines.size());
}

TEST_CASE("explain takes the best variant of a sweep and says so") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("s", {"--sweep", "select.t1=0.2,0.6"}).status == 0);
  auto const result = explain(place, {"s", "scene_000001"});
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out, StartsWith("scene_000001, the best variant select.t1=0."));
  CHECK_THAT(explain(place, {"s/variants/select.t1=0.2", "scene_000001"}).out,
             StartsWith("scene_000001, variant select.t1=0.2") && Contains("t1 = 0.2"));
}

TEST_CASE("explain needs neither ground truth nor a run that is complete") {
  std::string text = scenes_pipeline(3);
  text.erase(text.find("[stages.score]"), text.find("[stages.write]") - text.find("[stages.score]"));
  Workplace const place(text);
  REQUIRE(place.run("r").status == 0);
  Json record = json_in(place.folder / "r/run.json");
  record["status"] = "running";
  place.folder.write("r/run.json", record.dump());
  Json const json = explained(place, {"r", "scene_000001"});
  CHECK(json["scores"].empty());
  CHECK(json["stages"][0]["trial_score"].is_null());
  CHECK(json["stages"][0]["trials"][0]["score"].is_null());
  CHECK(json["stages"][0]["trials"][0]["kept"].is_number());
}

TEST_CASE("explain refuses what it cannot explain, and warns where a run has other values") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("r").status == 0);
  CHECK_THAT(refused(place, {"r", "scene_00001"}),
             Contains("has no sample \"scene_00001\"; did you mean \"scene_0000"));
  CHECK_THAT(refused(place, {"r", "scene_000001", "--stage", "write"}),
             Contains("no stage \"write\" of this run explains its decisions; use \"assign\", "
                      "\"select\""));
  std::string table = read_text(place.folder / "r/score.csv");
  auto const begin = table.find("scene_000001,") + 13;
  table.replace(begin, table.find(',', begin) - begin, "0.125");
  place.folder.write("r/score.csv", table);
  CHECK_THAT(explain(place, {"r", "scene_000001"}).err,
             Contains("warning: the run has 0.125 as miou of this image in r/score.csv, but"));
  place.pipeline_file(
      "name = \"plain\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 2\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"scenes.pseudo\"\n");
  REQUIRE(place.run("plain").status == 0);
  CHECK_THAT(refused(place, {"plain", "scene_000001"}),
             Contains("no stage of this run explains its decisions (it has dataset.scenes, "
                      "output.labels)"));
}

namespace {

// A rule of somebody else, over something that is not a mask.
struct Pick {
  double least = 0.5;
  std::string wrong;

  toy::Number operator()(toy::Number const& number) const {
    return {static_cast<double>(number.value) > least ? number.value : 0};
  }
  seplflow::Explanation explain(toy::Number const& number) const {
    seplflow::Explanation explanation;
    explanation.item = "number";
    explanation.columns = {"value"};
    bool const kept = static_cast<double>(number.value) > least;
    explanation.items.push_back({.kept = kept, .facts = {number.value}});
    explanation.trials = {{"least", {0.5, 1.5}}};
    if (wrong == "facts") explanation.items[0].facts.clear();
    if (wrong == "option") explanation.trials[0].option = "most";
    if (wrong == "type") explanation.trials[0].values = {std::string("half")};
    if (wrong == "combinations") explanation.trials[0].values.resize(201, 0.5);
    if (wrong == "throws") throw seplflow::Error("it cannot say why");
    return explanation;
  }
};

}  // namespace

TEST_CASE("explain shows the decisions of any stage, and blames one that contradicts itself") {
  seplflow::Plugin plugin;
  plugin.stage<Pick>("lab.pick", "Picks numbers")
      .inputs("number")
      .output("number")
      .option("least", &Pick::least, "least number")
      .option("wrong", &Pick::wrong, "what is wrong");
  auto stages = toy::declarations();
  for (auto& stage : plugin.finish().declared) stages.push_back(std::move(stage));
  seplflow::StageCatalog const catalog({}, std::move(stages));
  auto const explanation = [&](std::string const& wrong) {
    auto const pipeline = seplflow::parse_pipeline(
        "[stages.src]\nuse = \"toy.source\"\n"
        "[stages.pick]\nuse = \"lab.pick\"\nin = \"src.number\"\nwrong = \"" + wrong +
            "\"\n[stages.tally]\nuse = \"toy.tally\"\nin = { number = \"pick\" }\n",
        toy::request(), catalog);
    seplflow::Dealt dealt;
    dealt.samples = 1;
    SampleValues values(
        pipeline, *seplflow::next_sample(*pipeline.source().instance, pipeline.run, dealt));
    return explained_stage(values, explainable_stages(pipeline, true).at(0));
  };
  ExplainedStage const sound = explanation("");
  CHECK(sound.explanation.items[0].kept);
  CHECK_FALSE(sound.winners[0]);
  CHECK(sound.score == "number");
  REQUIRE(sound.trials.size() == 2);
  CHECK(sound.trials[0].is_current);
  CHECK(sound.trials[0].score == 1.0);
  CHECK(sound.trials[1].score == 0.0);
  CHECK(sound.trials[1].kept_items == 0);
  for (auto const& [wrong, sentence] : std::map<std::string, std::string>{
           {"facts", "has 0 facts of number 0 for 1 column"},
           {"option", "names the option \"most\", which it does not have"},
           {"type", "has values of another type than the option \"least\""},
           {"combinations", "has 201 combinations of options"},
           {"throws", "sample \"s0\": it cannot say why"}}) {
    CHECK_THROWS_WITH(explanation(wrong), Contains(sentence) && Contains("lab.pick"));
  }
}
