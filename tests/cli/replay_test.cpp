// The samples of a finished run once more.
#include "run/replay.hpp"

#include "run/csv.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"

using seplflow::Pipeline, seplflow::PipelineStage, seplflow::Replay, seplflow::ReplayRequest;
using seplflow::SampleValues, seplflow::StageCatalog, seplflow::csv_line;
namespace fs = std::filesystem;

namespace {

std::string const kSweep = "[sweep]\n\"select.t1\" = [0.9, 0.2]\n\"select.t2\" = [0.5, 1]\n";

std::size_t stage_called(Pipeline const& pipeline, std::string const& name) {
  auto const found = std::ranges::find(pipeline.stages, name, &PipelineStage::name);
  return static_cast<std::size_t>(found - pipeline.stages.begin());
}

// The lines of a table, as a replay of all its samples has them.
std::string replayed_table(fs::path const& folder, StageCatalog const& catalog,
                           std::vector<std::string> const& ids) {
  Replay replay({folder, {}}, catalog);
  std::size_t const score = stage_called(replay.pipeline(), "score");
  std::string text;
  for (SampleValues& values : replay.samples(ids)) {
    CHECK(replay.changed_inputs(values.sample()).empty());
    text += csv_line(row_of(values, score).value(), seplflow::CsvText::exact);
  }
  return text;
}

std::string error_of_replay(ReplayRequest const& request, StageCatalog const& catalog,
                            std::vector<std::string> const& ids = {}) {
  try {
    Replay(request, catalog).samples(ids);
  } catch (seplflow::UsageError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a replay of a run computes what the run computed") {
  Workplace const place(scenes_pipeline(5));
  REQUIRE(place.run("run").status == 0);
  REQUIRE(place.run("sweep", {"--sweep", "select.t1=0.9,0.2"}).status == 0);
  StageCatalog const catalog = seplflow::default_catalog();
  std::vector<std::string> ids;
  for (Json const& line : ledger_in(place.folder / "run")) ids.push_back(line["id"]);
  for (std::string const folder : {"run", "sweep/variants/select.t1=0.9", "sweep/variants/select.t1=0.2"}) {
    std::string const table = read_text(place.folder / folder / "score.csv");
    CHECK(replayed_table(place.folder / folder, catalog, ids) ==
          table.substr(table.find('\n') + 1));
  }
  // A variant of a sweep that has not finished is in the pipeline of the sweep alone.
  fs::path const unscored = place.folder / "sweep/variants/select.t1=0.9";
  std::string const table = read_text(unscored / "score.csv");
  fs::remove(unscored / "pipeline.toml");
  CHECK(replayed_table(unscored, catalog, ids) == table.substr(table.find('\n') + 1));
}

TEST_CASE("a replay of a sweep takes its best variant, or names the variants") {
  Workplace const place(scenes_pipeline(3) + kSweep);
  REQUIRE(place.run("s").status == 0);
  StageCatalog const catalog = seplflow::default_catalog();
  fs::path const folder = place.folder / "s";
  Json record = json_in(folder / "run.json");
  std::string best;
  for (Json const& each : record["variants"]) {
    if (each.contains("best")) best = each["variant"];
  }
  Replay const replay({folder, {}}, catalog);
  CHECK(replay.chose_best());
  CHECK(replay.place().variant == best);
  CHECK(replay.what_differs().empty());
  for (Json& each : record["variants"]) each.erase("best");
  place.folder.write("s/run.json", record.dump());
  CHECK_THAT(error_of_replay({folder, {}}, catalog),
             Contains("is a sweep without a best variant; name one of its variants: ") &&
                 Contains("s/variants/select.t1=0.9,select.t2=0.5, select.t1=0.9,select.t2=1"));
}

TEST_CASE("a replay says what it does not find") {
  Workplace const place(scenes_pipeline(3) + "[run]\nskip = [\"scene_000001\"]\n");
  REQUIRE(place.run("r").status == 0);
  StageCatalog const catalog = seplflow::default_catalog();
  fs::path const folder = place.folder / "r";
  auto const error = [&](std::vector<std::string> const& ids) {
    return error_of_replay({folder, {}}, catalog, ids);
  };
  Json const first = ledger_in(folder).front()["id"];
  std::string typo = first;
  typo.back() = 'x';
  CHECK_THAT(error({first, typo}), Contains("has no sample \"" + typo + "\"; did you mean \""));
  CHECK_THAT(error({"dog"}), Contains("has no sample \"dog\"; it has ") && Contains("samples: \""));
  CHECK_THAT(error_of_replay({place.folder / "gone", {}}, catalog), Contains("there is no folder"));
  CHECK_THAT(error_of_replay({place.folder.path(), {}}, catalog), Contains("is not a run folder"));

  // Another version, whose plugin is not installed.
  Json record = json_in(folder / "run.json");
  record["versions"]["seplflow"] = "0.0.3";
  record["plugins"].push_back({{"path", "/lab/vote.so"}, {"xxh128", "12"}});
  place.folder.write("r/run.json", record.dump());
  CHECK(Replay({folder, {}}, catalog).what_differs().starts_with(
      "the run was written by seplflow 0.0.3, this is "));
  std::string text = read_text(folder / "pipeline.toml");
  text.replace(text.find("sepl.select"), 11, "lab.vote");
  place.folder.write("r/pipeline.toml", text);
  std::string const found = error({});
  CHECK_THAT(found, Contains("r/pipeline.toml:") && Contains("there is no stage \"lab.vote\"") &&
                        Contains("the run used the plugin /lab/vote.so, which is not found now") &&
                        Contains("the run was written by seplflow 0.0.3"));
}

TEST_CASE("a replay names files that changed or moved since the run") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("made").status == 0);
  place.pipeline_file(
      "[stages.data]\nuse = \"dataset.folder\"\ntruth = \"made/write\"\nclasses = \"voc12\"\n"
      "[stages.labels]\nuse = \"cam.labels\"\nin = \"data\"\ndir = \"labels\"\n"
      "[stages.score]\nuse = \"eval.miou\"\n"
      "in = { truth = \"data.truth\", labels = \"labels\" }\n");
  fs::path const labels = place.folder / "labels", folder = place.folder / "r";
  fs::copy(place.folder / "made/write", labels);
  REQUIRE(place.run("r").status == 0);
  StageCatalog const catalog = seplflow::default_catalog();
  std::string const id = ledger_in(folder)[1]["id"], other = ledger_in(folder)[2]["id"];
  fs::copy_file(labels / (other + ".png"), labels / (id + ".png"),
                fs::copy_options::overwrite_existing);
  Replay replay({folder, {}}, catalog);
  auto samples = replay.samples({other, id});
  CHECK(replay.changed_inputs(samples[0].sample()).empty());
  CHECK(replay.changed_inputs(samples[1].sample()) == std::vector<std::string>{"labels"});

  fs::remove(labels / (other + ".png"));
  std::size_t const stage = stage_called(replay.pipeline(), "labels");
  samples = replay.samples({other, id});  // again
  CHECK_THROWS_WITH(samples[0].value({stage, 0}),
                    Contains("stage \"labels\" (cam.labels), sample \"" + other + "\": ") &&
                        Contains("labels/" + other + ".png"));
  CHECK(samples[1].value({stage, 0}) != nullptr);

  fs::rename(labels, place.folder / "moved");
  CHECK_THAT(error_of_replay({folder, {}}, catalog),
             Contains("r/pipeline.toml:") && Contains("/labels"));
  std::string const moved = (place.folder / "moved").string();
  auto again = Replay({folder, {"labels.dir=" + moved}}, catalog)
                   .samples({id});
  CHECK(again.size() == 1);
}
