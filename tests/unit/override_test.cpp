// Options that the command line sets instead of the pipeline file.
#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

std::string const kPipeline =
    "[stages.src]\nuse = \"toy.source\"\n"
    "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"src.number\"\nratio = 0.25\n"
    "[stages.joined]\nuse = \"toy.join\"\nin = { left = \"knobs\", right = \"src.number\" }\n"
    "[stages.save]\nuse = \"toy.save\"\nin = \"joined\"\n";

Pipeline overridden(std::vector<std::string> arguments) {
  return toy::parse(kPipeline, toy::request("toy.toml", {{"D", "/data"}}, std::move(arguments)));
}

template <class T>
T knob(std::string const& argument, std::string_view name) {
  Pipeline const pipeline = overridden({argument});
  PipelineStage const& knobs = pipeline.stages[1];
  return std::get<T>(knobs.instance->option(*find_option(*knobs.declaration, name)).value());
}

std::string complaint(std::string const& argument) {
  return toy::error(kPipeline, toy::request("toy.toml", {}, {argument}));
}

}  // namespace

TEST_CASE("an override replaces the value of the file or adds one") {
  CHECK(knob<double>("knobs.ratio=0.75", "ratio") == 0.75);
  CHECK(knob<double>("knobs.ratio=1", "ratio") == 1);
  CHECK(knob<std::int64_t>("knobs.count=9", "count") == 9);
  CHECK(knob<bool>("knobs.flag=true", "flag"));
  CHECK(knob<std::vector<double>>("knobs.numbers=[3, 4.5]", "numbers") == std::vector{3.0, 4.5});
  CHECK(knob<std::vector<std::string>>("knobs.words=[\"x\", \"y\"]", "words") ==
        std::vector<std::string>{"x", "y"});
}

TEST_CASE("the last of several overrides of an option counts") {
  Pipeline const pipeline = overridden({"knobs.ratio=0.5", "knobs.count=3", "knobs.ratio=0.75"});
  PipelineStage const& knobs = pipeline.stages[1];
  CHECK(knobs.instance->option(*find_option(*knobs.declaration, "ratio")) == OptionValue(0.75));
}

TEST_CASE("a value that is not TOML is a string") {
  CHECK(knob<std::string>("knobs.text=bare words", "text") == "bare words");
  CHECK(knob<std::string>("knobs.text=\"quoted\"", "text") == "quoted");
  CHECK(knob<std::string>("knobs.text=0.50", "text") == "0.50");
  CHECK(knob<std::string>("knobs.text=true", "text") == "true");
  CHECK(knob<std::string>("knobs.text=2007-01-31", "text") == "2007-01-31");
  CHECK(knob<std::string>("knobs.text=[1, 2]", "text") == "[1, 2]");
  CHECK(knob<std::string>("knobs.text=a=b", "text") == "a=b");
  CHECK(knob<std::string>("knobs.text=", "text").empty());
  CHECK(knob<std::string>("knobs.text=#5", "text") == "#5");
  CHECK(knob<std::string>("knobs.text=\xC3\xBC", "text") == "ü");
  CHECK(knob<std::string>("knobs.text=1\nb = 2", "text") == "1\nb = 2");
  CHECK(knob<std::string>("knobs.mood=wild", "mood") == "wild");
  CHECK(knob<std::string>("knobs.mood=\"wild\"", "mood") == "wild");
  CHECK(knob<std::vector<std::string>>("knobs.words=one", "words") ==
        std::vector<std::string>{"one"});
}

TEST_CASE("an override may use the environment") {
  CHECK(knob<std::string>("knobs.path=${D}/x", "path") == "/data/x");
  CHECK(knob<std::string>("knobs.text=$${D}", "text") == "${D}");
}

TEST_CASE("a path on the command line is relative to the working folder") {
  TempFolder const folder;
  folder.write("here/list.txt", "a\n");
  auto const request = toy::request("/elsewhere/toy.toml", {},
                                    {"knobs.path=x/y", "knobs.file=here/list.txt"}, folder.path());
  Pipeline const pipeline = toy::parse(kPipeline, request);
  PipelineStage const& knobs = pipeline.stages[1];
  auto const value = [&](char const* name) {
    return knobs.instance->option(*find_option(*knobs.declaration, name));
  };
  CHECK(value("path") == OptionValue((folder / "x/y").string()));
  CHECK(value("file") == OptionValue((folder / "here/list.txt").string()));
}

TEST_CASE("the run's options can be set too") {
  Pipeline const pipeline =
      overridden({"run.jobs=3", "run.limit=7", "run.on_error=skip", "knobs.on_error=stop"});
  CHECK(pipeline.run.jobs == 3);
  CHECK(pipeline.run.limit == 7);
  CHECK(pipeline.run.on_error == OnError::skip);
  CHECK(pipeline.on_error(pipeline.stages[1]) == OnError::stop);
}

TEST_CASE("a wire or the kind of a stage can be set") {
  Pipeline const pipeline =
      overridden({"save.in=src.number", "joined.use=toy.tally",
                  "joined.in={ number = \"src.number\", baseline = \"knobs\" }"});
  CHECK(pipeline.stages[3].inputs[0]->stage == 0);
  CHECK(pipeline.stages[2].declaration->name == "toy.tally");
}

TEST_CASE("an error on the command line is reported with its argument") {
  CHECK(complaint("knobs.ratio=2.5") ==
        "--set knobs.ratio=2.5: error: stage \"knobs\" (toy.knobs): option \"ratio\": expected a "
        "number from 0 to 1, got 2.5\n"
        "    knobs.ratio=2.5\n"
        "                ^");
  CHECK_THAT(complaint("knobs.ratoi=0.5"),
             StartsWith("--set knobs.ratoi=0.5: error: stage \"knobs\" (toy.knobs) has no option "
                        "\"ratoi\"; did you mean \"ratio\"? (number, 0..1, default 0.5)"));
  CHECK_THAT(complaint("knobs.ratio=half"),
             Contains("expected a number from 0 to 1, got the string \"half\""));
  CHECK_THAT(complaint("knobs.mood=wlid"), Contains("did you mean \"wild\"?"));
  CHECK_THAT(complaint("knobs.folder=no/such"), Contains("folder not found: /no/such"));
  CHECK_THAT(complaint("knobs.text=${D}"), Contains("D is not set"));
  CHECK_THAT(complaint("knbs.ratio=1"), Contains("has no stage \"knbs\"; did you mean \"knobs\"?"));
  CHECK_THAT(complaint("run.job=1"),
             Contains("[run] has no option \"job\"; did you mean \"jobs\"?"));
  CHECK_THAT(complaint("knobs.in=src.word"), Contains("has type toy.Number"));
}

TEST_CASE("an override that is written wrongly is shown how to write it") {
  for (char const* const argument :
       {"", "=", "ratio=1", "knobs.ratio", "knobs.=1", ".ratio=1", "knobs", "knobs=1.5"}) {
    CAPTURE(argument);
    CHECK_THAT(complaint(argument), Contains("an override is written stage.option=value"));
  }
}

TEST_CASE("an override without its stage is reported with the stages that have such an option") {
  CHECK_THAT(complaint("ratio=1"), Contains("stage.option=value; write --set knobs.ratio=1\n"));
  CHECK_THAT(toy::error(kPipeline + "[stages.more]\nuse = \"toy.knobs\"\nin = \"knobs\"\n"
                                    "[stages.end]\nuse = \"toy.save\"\nin = \"more\"\n",
                        toy::request("toy.toml", {}, {"ratio=1"})),
             Contains("write --set knobs.ratio=1 or --set more.ratio=1\n"));
  CHECK_THAT(complaint("zzz=1"), Contains(", for example select.t1=0.4\n"));
}

TEST_CASE("errors of the file and of the command line are reported together, the file's first") {
  auto const found = toy::errors("nam = 1\n" + kPipeline,
                                 toy::request("toy.toml", {}, {"knobs.ratio=3", "x.y=1"}));
  REQUIRE(found.size() == 3);
  CHECK_FALSE(found[0].place.source->is_argument());
  CHECK(found[1].place.source->is_argument());
  CHECK(found[2].place.source->is_argument());
}

TEST_CASE("an override can correct an error of the file") {
  auto const file = kPipeline + "[stages.extra]\nuse = \"toy.save\"\nin = \"nowhere\"\n";
  CHECK(toy::errors(file).size() == 1);
  CHECK(toy::errors(file, toy::request("toy.toml", {}, {"extra.in=knobs"})).empty());
}

TEST_CASE("the caret of an error in a wire points at the wire") {
  CHECK_THAT(toy::pointed_at(complaint("knobs.in={ number = \"nope\" }")), StartsWith("\"nope\""));
  CHECK_THAT(toy::pointed_at(complaint("knobs.in={ nubmer = \"src.number\" }")),
             StartsWith("nubmer"));
}
