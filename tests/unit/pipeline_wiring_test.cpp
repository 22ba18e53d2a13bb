// The stages of a pipeline and their connections.
#include <algorithm>

#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

std::string const kSource = "[stages.src]\nuse = \"toy.source\"\n";

std::string stage(std::string const& name, std::string const& use, std::string const& in) {
  return "[stages." + name + "]\nuse = \"" + use + "\"\nin = " + in + "\n";
}

// A source, and a stage that is wired like this (line 5) and written to a file.
std::string wired(std::string const& use, std::string const& in) {
  return kSource + stage("it", use, in) + stage("save", "toy.save", "\"it\"");
}

std::vector<std::string> stage_names(Pipeline const& pipeline) {
  std::vector<std::string> all;
  for (PipelineStage const& each : pipeline.stages) all.push_back(each.name);
  return all;
}

// "src.number" for an input of a stage.
std::string producer(Pipeline const& pipeline, std::size_t stage_index, std::size_t input) {
  auto const& from = pipeline.stages[stage_index].inputs[input];
  if (!from) return "";
  PipelineStage const& producing = pipeline.stages[from->stage];
  return producing.name + "." + producing.declaration->outputs[from->output].name;
}

}  // namespace

TEST_CASE("the name of a stage means its default output, and NAME.OUTPUT another") {
  Pipeline const pipeline = toy::parse(
      kSource + stage("join", "toy.join", "{ left = \"src.number\", right = \"src.number\" }") +
      stage("next", "toy.next", "\"join\"") + stage("save", "toy.save", "\"next.number\""));
  CHECK(producer(pipeline, 2, 0) == "join.number");
  CHECK(producer(pipeline, 3, 0) == "next.number");
  CHECK(producer(pipeline, 1, 0) == "src.number");
  CHECK(pipeline.source().name == "src");
  CHECK(toy::errors(wired("toy.next", "\"${WHERE:-src}.number\"")).empty());
}

TEST_CASE("an optional input may stay unconnected") {
  std::string const both = "left = \"src.number\", right = \"src.number\"";
  Pipeline const without = toy::parse(wired("toy.join", "{ " + both + " }"));
  CHECK(producer(without, 1, 2).empty());
  Pipeline const with = toy::parse(wired("toy.join", "{ " + both + ", extra = \"src.number\" }"));
  CHECK(producer(with, 1, 2) == "src.number");
  Pipeline const only = toy::parse(kSource + stage("tally", "toy.tally", "\"src.number\""));
  CHECK(producer(only, 1, 0) == "src.number");
  CHECK(producer(only, 1, 1).empty());
}

TEST_CASE("only the outputs that stages read are wanted") {
  Pipeline const pipeline = toy::parse(wired("toy.next", "\"src.number\""));
  CHECK(pipeline.stages[0].wanted == std::vector<bool>{false, true, false});
  CHECK(pipeline.stages[1].wanted == std::vector<bool>{true});
}

TEST_CASE("a stage comes after those that it reads from, otherwise in the order of the file") {
  Pipeline const pipeline = toy::parse(
      stage("z-last", "toy.save", "\"b\"") + stage("b", "toy.next", "\"a\"") +
      stage("m", "toy.save", "\"src.number\"") + stage("a", "toy.next", "\"src.number\"") +
      kSource + stage("d", "toy.save", "\"a\"") + stage("c", "toy.save", "\"a\""));
  CHECK(stage_names(pipeline) ==
        std::vector<std::string>{"src", "a", "b", "z-last", "m", "d", "c"});
}

TEST_CASE("types that do not fit are reported with both names") {
  CHECK(toy::error(wired("toy.next", "\"src.word\"")) ==
        "toy.toml:5:6: error: stage \"it\" (toy.next): input \"number\" has type toy.Number, "
        "but output \"word\" of stage \"src\" (toy.source) has type toy.Word\n"
        "    in = \"src.word\"\n"
        "         ^");
  CHECK_THAT(toy::error(wired("toy.next", "\"src\"")),
             Contains("has type toy.Number, but output \"sample\"") && Contains("has type Sample"));
}

TEST_CASE("an unknown stage, output or input is reported with the most similar one") {
  CHECK_THAT(
      toy::error(wired("toy.next", "\"scr.number\"")),
      StartsWith(
          "toy.toml:5:6: error: stage \"it\" (toy.next) reads from the unknown stage \"scr\"; "
          "did you mean \"src\"?"));
  CHECK_THAT(
      toy::error(wired("toy.next", "\"src.numbr\"")),
      StartsWith("toy.toml:5:6: error: stage \"src\" (toy.source) has no output \"numbr\"; did "
                 "you mean \"number\"? (it has \"sample\", \"number\" or \"word\")"));
  CHECK_THAT(toy::error(wired("toy.next", "{ numbre = \"src.number\" }")),
             StartsWith("toy.toml:5:8: error: stage \"it\" (toy.next) has no input \"numbre\"; did "
                        "you mean \"number\"? (it has \"number\")"));
  CHECK_THAT(toy::error(wired("toy.next", "\"src.\"")), Contains("no output \"\""));
  CHECK_THAT(toy::error(wired("toy.next", "\"src.number.x\"")), Contains("\"number.x\""));
}

TEST_CASE("one invalid wire of several is one error") {
  CHECK_THAT(
      toy::error(wired("toy.join", "{ letf = \"src.number\", right = \"src.number\" }")),
      Contains("has no input \"letf\"; did you mean \"left\"? (it has \"left\", \"right\" or "
               "\"extra\")"));
  CHECK_THAT(toy::error(wired("toy.join", "{ left = \"src.number\", rihgt = \"src.number\" }")),
             Contains("did you mean \"right\"?"));
  CHECK_THAT(toy::error(wired("toy.join", "{ left = \"src.word\", right = \"src.number\" }")),
             Contains("input \"left\" has type toy.Number"));
  CHECK_THAT(toy::error(wired("toy.join", "{ left = \"src.number\", right = \"src.word\" }")),
             Contains("input \"right\" has type toy.Number"));
}

TEST_CASE("each input that is not connected is an error") {
  auto const none = toy::errors(kSource + "[stages.it]\nuse = \"toy.join\"\n" +
                                stage("save", "toy.save", "\"it\"") +
                                stage("other", "toy.save", "\"src.number\""));
  REQUIRE(none.size() == 2);
  CHECK(none[0].message ==
        "input \"left\" (toy.Number) of stage \"it\" (toy.join) is not connected; add it to in = "
        "...");
  CHECK(none[0].place.line == 3);
  CHECK_THAT(none[1].message, Contains("\"right\""));
  CHECK_THAT(toy::error(wired("toy.join", "{ left = \"src.number\" }")), Contains("\"right\""));
  CHECK_THAT(toy::error(wired("toy.next", "{}") + stage("other", "toy.save", "\"src.number\"")),
             Contains("input \"number\" (toy.Number) of stage \"it\""));
}

TEST_CASE("several inputs need a table, and the error shows an example") {
  CHECK_THAT(toy::error(wired("toy.join", "\"src.number\"")),
             Contains("has several inputs; write in = { left = \"...\", right = \"...\" }"));
}

TEST_CASE("the value of \"in\" is a string, or a table of strings") {
  CHECK_THAT(toy::error(wired("toy.next", "5")), Contains("\"in\": expected a string"));
  CHECK_THAT(toy::error(wired("toy.next", "[\"src.number\"]")),
             Contains("\"in\": expected a string"));
  CHECK_THAT(toy::error(wired("toy.next", "{ number = 5 }")),
             Contains("\"number\": expected a string"));
}

TEST_CASE("a source has no inputs and a sink has no outputs") {
  CHECK_THAT(toy::error(kSource + "in = \"save\"\n" + stage("save", "toy.save", "\"src.number\"")),
             Contains("stage \"src\" (toy.source) is a source and has no inputs"));
  CHECK_THAT(
      toy::error(wired("toy.next", "\"src.number\"") + stage("more", "toy.save", "\"save\"")),
      Contains("stage \"save\" (toy.save) has no outputs"));
}

TEST_CASE("a pipeline has exactly one source") {
  CHECK_THAT(toy::error(kSource + stage("save", "toy.save", "\"src.number\"") +
                        "[stages.two]\nuse = \"toy.source\"\n" +
                        stage("other", "toy.save", "\"two.number\"")),
             StartsWith("toy.toml:6:") && Contains("stage \"two\" (toy.source) is a second source; "
                                                   "\"src\" is already the source"));
  CHECK_THAT(toy::error("name = \"x\"\n"), Contains("has no stages; begin with"));
}

TEST_CASE("a cycle of stages is one error that shows the cycle") {
  CHECK_THAT(
      toy::error(kSource + stage("a", "toy.join", "{ left = \"src.number\", right = \"c\" }") +
                 stage("b", "toy.next", "\"a\"") + stage("c", "toy.next", "\"b\"") +
                 stage("save", "toy.save", "\"c\"")),
      Contains("a cycle: a -> c -> b -> a"));
  CHECK_THAT(
      toy::error(kSource + stage("a", "toy.join", "{ left = \"src.number\", right = \"a\" }") +
                 stage("save", "toy.save", "\"a\"")),
      Contains("a cycle: a -> a"));
}

TEST_CASE("a stage that leads to no observer and no sink is unused") {
  std::string const sound = kSource + stage("save", "toy.save", "\"src.number\"");
  CHECK_THAT(toy::error(sound + stage("lost", "toy.next", "\"src.number\"")),
             StartsWith("toy.toml:6:") &&
                 Contains("stage \"lost\" (toy.next) is unused: no evaluator or sink"));
  auto const line = toy::errors(sound + stage("x", "toy.next", "\"src.number\"") +
                                stage("y", "toy.next", "\"x\""));
  CHECK(line.size() == 2);  // neither ends anywhere
  CHECK_THAT(toy::error(kSource), Contains("stage \"src\" (toy.source) is unused"));
  CHECK(toy::errors(kSource + stage("t", "toy.tally", "\"src.number\"")).empty());
}

TEST_CASE("a stage is not called unused beside an error that may be the reason") {
  std::string const next = kSource + stage("next", "toy.next", "\"src.number\"");
  CHECK_THAT(toy::error(next + stage("save", "toy.save", "\"xyz\"")),
             Contains("reads from the unknown stage \"xyz\""));
  CHECK_THAT(toy::error(next + stage("save", "toy.save", "\"src.word\"")),
             Contains("has type toy.Number"));
}

TEST_CASE("an error in the value of a wire names the stage") {
  CHECK_THAT(toy::error(kSource + stage("save", "toy.save", "[\"src.number\"]")),
             Contains("error: stage \"save\" (toy.save): \"in\": expected a string, got a list\n"));
}

TEST_CASE("a stage that is unknown or has no type is reported at its place") {
  CHECK_THAT(toy::error(wired("toy.nexd", "\"src.number\"")),
             StartsWith("toy.toml:4:7: error: there is no stage \"toy.nexd\"; did you mean "
                        "\"toy.next\"?"));
  CHECK_THAT(toy::error(kSource + "[stages.it]\nin = \"src.number\"\n" +
                        stage("save", "toy.save", "\"it\"")),
             StartsWith("toy.toml:3:") && Contains("has no \"use\"; add use = "));
  CHECK_THAT(toy::error(wired("toy.next", "\"src.number\"") + "[stages.x]\nuse = 5\n"),
             Contains("\"use\": expected a string, got the integer 5"));
}

TEST_CASE("a stage that several plugins define is an error") {
  auto twice = toy::declarations();
  for (StageDeclaration& each : toy::declarations()) {
    if (each.name == "toy.next") twice.push_back(std::move(each));
  }
  StageCatalog const catalog({}, std::move(twice));
  REQUIRE_THROWS_WITH(parse_pipeline(wired("toy.next", "\"src.number\""), toy::request(), catalog),
                      Contains("stage \"toy.next\" is defined by several plugins"));
}

TEST_CASE("the name of a stage is a letter, then letters, digits, \"_\" and \"-\"") {
  auto const named = [](std::string const& name) {
    return toy::errors(kSource + stage(name, "toy.save", "\"src.number\""));
  };
  for (char const* const good : {"a", "Z", "a-b_C9", "end", "Run"}) {
    CAPTURE(good);
    CHECK(named(good).empty());
  }
  for (char const* const bad :
       {"1a", "_a", "-a", "\"\"", "\"a b\"", "\"a.b\"", "\"ü\"", "\"a/b\""}) {
    CAPTURE(bad);
    auto const found = named(bad);
    REQUIRE(found.size() == 1);
    CHECK(found[0].place.line == 3);
    CHECK_THAT(found[0].message, Contains("is not a valid stage name"));
  }
}

TEST_CASE("names that the run folder uses are reserved") {
  for (char const* const name : {"variants", "sweep", "run", "metrics", "ledger", "pipeline"}) {
    CAPTURE(name);
    auto const shown = toy::error(kSource + stage(name, "toy.save", "\"src.number\""));
    CHECK_THAT(shown, StartsWith("toy.toml:3:9: error: ") &&
                          Contains("cannot be called \"" + std::string(name) + "\""));
  }
}

TEST_CASE("a stage must be a table") {
  auto const none = toy::errors("stages = 5\n");
  CHECK(std::ranges::any_of(none, [](Problem const& problem) {
    return problem.place.column == 10 &&
           problem.message == "\"stages\" must be a table, written [stages.NAME]";
  }));
  auto const found = toy::errors("[stages]\nx = 5\n[stages.src]\nuse = \"toy.source\"\n" +
                                 stage("save", "toy.save", "\"src.number\""));
  REQUIRE(found.size() == 1);
  CHECK(found[0].message == "a stage must be a table, written [stages.x]");
  CHECK(toy::errors("[[stages.x]]\n[stages.src]\nuse = \"toy.source\"\n" +
                    stage("save", "toy.save", "\"src.number\""))
            .size() == 1);
}

TEST_CASE("a stage whose inputs are all optional needs one of them") {
  struct Either {
    LabelMap operator()(LabelMap const* a, LabelMap const* b) const { return a ? *a : *b; }
  };
  Plugin plugin;
  plugin.stage<Either>("test.either", "One or the other").inputs("a", "b").output("labels");
  StageCatalog const catalog({}, plugin.finish().declared);
  PipelineRequest request;
  request.file = "p.toml";
  try {
    parse_pipeline("[stages.e]\nuse = \"test.either\"\n", request, catalog);
    FAIL("it was accepted");
  } catch (PipelineError const& error) {
    CHECK_THAT(error.what(), Contains("has no connected input; it needs \"a\" or \"b\""));
  }
}

TEST_CASE("the list of a sink stays in the folder of the sink") {
  struct Lister {
    void operator()(Sample const&) const {}
    std::filesystem::path list_file() const { return "../metrics.json"; }
    std::string list_line(Sample const&) const { return ""; }
  };
  Plugin plugin;
  plugin.stage<Lister>("test.lister", "Lists samples").inputs("sample");
  StageCatalog const catalog({}, plugin.finish().declared);
  PipelineRequest request;
  request.file = "p.toml";
  try {
    parse_pipeline("[stages.l]\nuse = \"test.lister\"\nin = \"l\"\n", request, catalog);
    FAIL("it was accepted");
  } catch (PipelineError const& error) {
    CHECK_THAT(error.what(), Contains("the name of its list, \"../metrics.json\", leaves its folder"));
  }
}
