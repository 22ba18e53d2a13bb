// Sweeps: which variants there are, what they are called, and what they share.
#include <catch2/catch.hpp>
#include <chrono>

#include "pipeline/pipeline.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

using Names = std::vector<std::string>;

// src -> knobs -> more -> tally, save
std::string const kBase =
    "[stages.src]\nuse = \"toy.source\"\n"
    "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"src.number\"\n"
    "[stages.more]\nuse = \"toy.knobs\"\nin = \"knobs\"\n"
    "[stages.tally]\nuse = \"toy.tally\"\n"
    "in = { number = \"more\", baseline = \"src.number\" }\n"
    "[stages.save]\nuse = \"toy.save\"\nin = \"more\"\n";  // 14 lines

std::string sweep(std::string const& lines) {
  return kBase + "[sweep]\n" + lines;
}

PipelineRequest swept(std::vector<std::string> arguments, std::vector<std::string> sets = {}) {
  auto request = toy::request("/p/toy.toml", {{"E", "env"}}, std::move(sets), "/w");
  for (std::string& argument : arguments) request.sweeps.push_back({std::move(argument)});
  return request;
}

Pipeline parse(std::string const& text, PipelineRequest const& request = swept({})) {
  return toy::parse(text, request);
}

Names names(Pipeline const& pipeline) {
  Names result;
  for (Variant const& variant : pipeline.variants) result.push_back(variant.name);
  return result;
}

Names names(std::string const& text, PipelineRequest const& request = swept({})) {
  return names(parse(text, request));
}

PipelineStage const& stage(Pipeline const& pipeline, std::size_t variant, std::string_view name) {
  for (std::size_t const i : pipeline.variants.at(variant).stages) {
    if (pipeline.stages[i].name == name) return pipeline.stages[i];
  }
  throw std::logic_error("no stage " + std::string(name));
}

std::optional<OptionValue> option(Pipeline const& pipeline, std::size_t variant,
                                  std::string_view name, std::string_view of) {
  PipelineStage const& found = stage(pipeline, variant, name);
  return found.instance->option(*find_option(*found.declaration, of));
}

template <class T>
std::vector<T> knob(Pipeline const& pipeline, std::string_view of) {
  std::vector<T> values;
  for (std::size_t i = 0; i < pipeline.variants.size(); ++i) {
    values.push_back(std::get<T>(option(pipeline, i, "knobs", of).value()));
  }
  return values;
}

std::string complaint(std::string const& text, PipelineRequest const& request = swept({})) {
  return toy::mistake(text, request);
}

std::string message(std::string const& text, PipelineRequest const& request = swept({})) {
  auto const found = toy::mistakes(text, request);
  if (found.size() == 1) return found[0].message;
  return complaint(text, request);
}

}  // namespace

// ---- Which variants there are ----

TEST_CASE("a pipeline without a sweep is one variant without a name") {
  for (std::string const& text : {kBase, kBase + "[sweep]\n"}) {
    Pipeline const pipeline = parse(text);
    CHECK_FALSE(pipeline.sweeps());
    CHECK(pipeline.axes.empty());
    REQUIRE(pipeline.variants.size() == 1);
    CHECK(pipeline.variants[0].stages == std::vector<std::size_t>{0, 1, 2, 3, 4});
    for (PipelineStage const& each : pipeline.stages) CHECK(pipeline.serves_all(each));
  }
}

TEST_CASE("an axis is a variant for each of its values") {
  Pipeline const pipeline = parse(sweep("\"knobs.ratio\" = [0.25, 0.5, 1]"));
  CHECK(pipeline.sweeps());
  CHECK(names(pipeline) == Names{"knobs.ratio=0.25", "knobs.ratio=0.5", "knobs.ratio=1"});
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.25, 0.5, 1.0});
  REQUIRE(pipeline.axes.size() == 1);
  CHECK(pipeline.axes[0].key == "knobs.ratio");
  CHECK(pipeline.axes[0].values == Names{"0.25", "0.5", "1"});
}

TEST_CASE("axes are a product in the order of the file, the last the fastest") {
  Names const expected = {"more.count=1,knobs.ratio=0.1", "more.count=1,knobs.ratio=0.2",
                          "more.count=2,knobs.ratio=0.1", "more.count=2,knobs.ratio=0.2"};
  CHECK(names(sweep("\"more.count\" = [1, 2]\n\"knobs.ratio\" = [0.1, 0.2]")) == expected);
  CHECK(names(sweep("more.count = [1, 2]\nknobs.ratio = [0.1, 0.2]")) == expected);
  CHECK(names(sweep("more = { count = [1, 2] }\n\"knobs.ratio\" = [0.1, 0.2]")) == expected);
  CHECK(names("[sweep.more]\ncount = [1, 2]\n[sweep.knobs]\nratio = [0.1, 0.2]\n" + kBase) ==
        expected);
  auto const pipeline = parse(sweep("more.count = [1, 2]\nknobs.ratio = [0.1, 0.2]\n"));
  CHECK(pipeline.variants[2].values == std::vector<std::size_t>{1, 0});
}

TEST_CASE("options of one stage that other axes stand between keep their place") {
  CHECK(names(sweep("knobs.ratio = [0.1]\nmore.count = [1]\nknobs.count = [2]")) ==
        Names{"knobs.ratio=0.1,more.count=1,knobs.count=2"});
}

TEST_CASE("a range is what its decimals say") {
  Pipeline const pipeline = parse(sweep("\"knobs.ratio\" = { from = 0.6, to = 0.9, step = 0.05 }"));
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9});
  CHECK(pipeline.axes[0].values == Names{"0.6", "0.65", "0.7", "0.75", "0.8", "0.85", "0.9"});
  CHECK(pipeline.variants.back().name == "knobs.ratio=0.9");
}

TEST_CASE("a range of integers fits an option that takes integers") {
  CHECK(knob<std::int64_t>(parse(sweep("knobs.count = { from = 9, to = 1, step = -4 }")),
                           "count") == std::vector<std::int64_t>{9, 5, 1});
  CHECK(knob<double>(parse(sweep("knobs.ratio = { from = 0, to = 1, step = 1 }")), "ratio") ==
        std::vector{0.0, 1.0});
}

TEST_CASE("a range that does not fit its option is one mistake") {
  CHECK_THAT(complaint(sweep("knobs.count = { from = 1.0, to = 9.0, step = 1.0 }")),
             StartsWith("/p/toy.toml:16:15: error: stage \"knobs\" (toy.knobs): option \"count\" "
                        "takes integer, 0..10, not the number 1.0"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.8, to = 1.2, step = 0.1 }")),
             StartsWith("variant \"knobs.ratio=1.1\" and 1 other: ") && Contains("is 1.1;"));
}

TEST_CASE("values of every type have a readable name that is safe for a folder") {
  CHECK(names(sweep("knobs.flag = [true, false]")) == Names{"knobs.flag=true", "knobs.flag=false"});
  CHECK(names(sweep("knobs.factor = [1e-5, 0.30, -2]")) ==
        Names{"knobs.factor=1e-05", "knobs.factor=0.3", "knobs.factor=-2"});
  CHECK(names(sweep("knobs.numbers = [[1, 2.5], [], 3]")) ==
        Names{"knobs.numbers=1-2.5", "knobs.numbers=", "knobs.numbers=3"});
  Pipeline const words = parse(sweep("knobs.text = [\"a b/c\", \"ü\", \"${E}\"]"));
  CHECK(names(words) == Names{"knobs.text=a-b-c", "knobs.text=-", "knobs.text=--E-"});
  CHECK(words.axes[0].values == Names{"a b/c", "ü", "${E}"});
  CHECK(knob<std::string>(words, "text") == Names{"a b/c", "ü", "env"});
}

TEST_CASE("a value may have a name of its own") {
  Pipeline const pipeline =
      parse(sweep("knobs.text = [{ name = \"one\", value = \"a/very/long/text\" }, \"two\"]"));
  CHECK(names(pipeline) == Names{"knobs.text=one", "knobs.text=two"});
  CHECK(pipeline.axes[0].values == Names{"one", "two"});
  CHECK(knob<std::string>(pipeline, "text") == Names{"a/very/long/text", "two"});
  CHECK_THAT(message(sweep("knobs.text = [{ nam = \"one\", value = \"a\" }]")),
             Contains("has no \"nam\""));
}

TEST_CASE("a variant sets several options at once, and comes before the axes") {
  std::string const variants =
      "[[variant]]\nname = \"calm\"\nset = { \"knobs.mood\" = \"calm\", \"more.ratio\" = 0.1 }\n"
      "[[variant]]\nname = \"wild one\"\nset.knobs.mood = \"wild\"\nset.more.ratio = 0.2\n"
      "[[variant]]\nname = \"plain\"\n";
  Pipeline const alone = parse(kBase + variants);
  CHECK(names(alone) == Names{"calm", "wild-one", "plain"});
  CHECK(alone.axes.empty());
  CHECK(alone.variants[0].values.empty());
  CHECK(knob<std::string>(alone, "mood") == Names{"calm", "wild", "calm"});
  CHECK(option(alone, 1, "more", "ratio") == OptionValue(0.2));
  CHECK(option(alone, 2, "more", "ratio") == OptionValue(0.5));

  Pipeline const both = parse(sweep("knobs.count = [1, 2]\n") + variants);
  CHECK(names(both) == Names{"calm,knobs.count=1", "calm,knobs.count=2", "wild-one,knobs.count=1",
                             "wild-one,knobs.count=2", "plain,knobs.count=1",
                             "plain,knobs.count=2"});
  CHECK(knob<std::string>(both, "mood") == Names{"calm", "calm", "wild", "wild", "calm", "calm"});
}

// ---- Whole stages ----

TEST_CASE("an axis may swap a stage as a whole") {
  Pipeline const pipeline =
      parse(sweep("knobs = [{ name = \"next\", use = \"toy.next\" },\n"
                  "  { name = \"k\", use = \"toy.knobs\", ratio = 0.25, on_error = \"skip\" },\n"
                  "  { name = \"as it is\" }]"));
  CHECK(names(pipeline) == Names{"knobs=next", "knobs=k", "knobs=as-it-is"});
  CHECK(pipeline.axes[0].values == Names{"next", "k", "as it is"});
  CHECK(stage(pipeline, 0, "knobs").declaration->name == "toy.next");
  CHECK(option(pipeline, 1, "knobs", "ratio") == OptionValue(0.25));
  CHECK(stage(pipeline, 1, "knobs").on_error == OnError::skip);
  CHECK(option(pipeline, 2, "knobs", "ratio") == OptionValue(0.5));
  CHECK(stage(pipeline, 2, "knobs").inputs[0]->output == 1);
}

TEST_CASE("a table with use replaces the settings of the stage but in and on_error") {
  Pipeline const pipeline = parse(
      "[stages.a]\nuse = \"toy.knobs\"\nin = \"src.number\"\nratio = 0.1\ncount = 3\n"
      "on_error = \"skip\"\n[stages.b]\nuse = \"toy.save\"\nin = \"a\"\n" +
      sweep("a = [{ use = \"toy.knobs\", count = 1 }, { count = 2 },\n"
            " { use = \"toy.knobs\", count = 4, in = \"knobs\", on_error = \"stop\" }]"));
  auto const values = [&](std::string_view name) {
    std::vector<OptionValue> all;
    for (std::size_t i = 0; i < 3; ++i) all.push_back(*option(pipeline, i, "a", name));
    return all;
  };
  CHECK(values("count") ==
        std::vector<OptionValue>{std::int64_t{1}, std::int64_t{2}, std::int64_t{4}});
  CHECK(values("ratio") == std::vector<OptionValue>{0.5, 0.1, 0.5});
  CHECK(stage(pipeline, 0, "a").on_error == OnError::skip);
  CHECK(stage(pipeline, 2, "a").on_error == OnError::stop);
  CHECK(pipeline.stages[stage(pipeline, 0, "a").inputs[0]->stage].name == "src");
  CHECK(pipeline.stages[stage(pipeline, 2, "a").inputs[0]->stage].name == "knobs");
  CHECK(names(pipeline) == Names{"a=toy.knobs-1", "a=2", "a=toy.knobs-4-knobs-stop"});
}

TEST_CASE("tables without a name are called after what tells them apart") {
  CHECK(names(sweep("knobs = [{ use = \"toy.knobs\", text = \"a\", words = [\"x\"] },\n"
                    "{ use = \"toy.knobs\", text = \"b\", words = [\"y\"] }]")) ==
        Names{"knobs=a", "knobs=b"});
  CHECK(names(sweep("knobs = [{ use = \"toy.knobs\", ratio = 0.1, count = 3 },\n"
                    "{ use = \"toy.next\" }]")) ==
        Names{"knobs=toy.knobs-0.1-3", "knobs=toy.next"});
  CHECK_THAT(message(sweep("knobs = [{ use = \"toy.knobs\", words = [\"x\"] },\n"
                           "{ use = \"toy.knobs\", words = [\"y\"] }]")),
             Contains("give each a name"));
  CHECK_THAT(message(sweep("knobs = [{ use = \"toy.next\" }]")), Contains("give each a name"));
  CHECK_THAT(message(sweep("knobs = [{ text = \"a\", words = [\"x\"] }, { text = \"b\" },\n"
                           "{ text = \"a\", words = [\"y\"] }]")),
             Contains("both be called \"a\"") && Contains("give each a name"));
}

TEST_CASE("axes over whole stages apply before those over options") {
  Pipeline const pipeline =
      parse(sweep("\"knobs.ratio\" = [0.1, 0.2]\n"
                  "knobs = [{ name = \"a\", use = \"toy.knobs\", count = 1 },\n"
                  "         { name = \"b\", use = \"toy.knobs\", count = 2 }]"));
  CHECK(names(pipeline).at(1) == "knobs.ratio=0.1,knobs=b");
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.1, 0.1, 0.2, 0.2});
  CHECK(knob<std::int64_t>(pipeline, "count") == std::vector<std::int64_t>{1, 2, 1, 2});
}

TEST_CASE("a variant may swap a stage, and what it is may come from the sweep alone") {
  std::string const text =
      "[stages.x]\nin = \"src.number\"\n[stages.out]\nuse = \"toy.save\"\nin = \"x\"\n" + kBase +
      "[[variant]]\nname = \"a\"\nset.x = { use = \"toy.next\" }\n"
      "[[variant]]\nname = \"b\"\nset = { x = { use = \"toy.knobs\", name = \"n\", ratio = 0.1 } "
      "}\n";
  Pipeline const pipeline = parse(text);
  CHECK(stage(pipeline, 0, "x").declaration->name == "toy.next");
  CHECK(option(pipeline, 1, "x", "ratio") == OptionValue(0.1));
}

TEST_CASE("use, in and on_error are options of a sweep like others") {
  Pipeline const pipeline =
      parse(sweep("knobs.use = [\"toy.next\", \"toy.knobs\"]\n"
                  "tally.in = [\"more\", \"knobs\"]\n"
                  "save.on_error = [\"stop\", \"skip\"]"));
  CHECK(pipeline.variants.size() == 8);
  CHECK(pipeline.variants[7].name == "knobs.use=toy.knobs,tally.in=knobs,save.on_error=skip");
  CHECK(stage(pipeline, 7, "save").on_error == OnError::skip);
}

// ---- The command line ----

TEST_CASE("the flag --sweep adds an axis behind those of the file, or takes the place of one") {
  std::string const file = sweep("knobs.ratio = [0.1, 0.2]\nmore.count = [1]");
  CHECK(names(file, swept({"knobs.count=3,4"})).at(1) ==
        "knobs.ratio=0.1,more.count=1,knobs.count=4");
  CHECK(names(file, swept({"knobs.ratio=0.4"})) == Names{"knobs.ratio=0.4,more.count=1"});
  CHECK(names(sweep("knobs.ratio = 5\n"), swept({"knobs.ratio=0.4"})) == Names{"knobs.ratio=0.4"});
  CHECK(names(kBase, swept({"more.count=1,2", "knobs.count=3"})) ==
        Names{"more.count=1,knobs.count=3", "more.count=2,knobs.count=3"});
}

TEST_CASE("the flag --sweep splits on commas outside quotes and brackets") {
  auto const texts = [](std::string const& values) {
    return knob<std::string>(parse(kBase, swept({"knobs.text=" + values})), "text");
  };
  CHECK(texts("a,b") == Names{"a", "b"});
  CHECK(texts("a, b ,c") == Names{"a", "b", "c"});
  CHECK(texts("\"a,b\",c") == Names{"a,b", "c"});
  CHECK(texts("'a,b',\"c\\\",d\"") == Names{"a,b", "c\",d"});
  CHECK(texts("it's,so") == Names{"it's", "so"});
  CHECK(texts("f(1),{1,2},[3,4],5") == Names{"f(1)", "{1,2}", "[3,4]", "5"});
  CHECK(texts("a,") == Names{"a", ""});
  Pipeline const lists = parse(kBase, swept({"knobs.numbers=[1,2],[3],4"}));
  CHECK(knob<std::vector<double>>(lists, "numbers") ==
        std::vector<std::vector<double>>{{1, 2}, {3}, {4}});
  CHECK(names(lists) == Names{"knobs.numbers=1-2", "knobs.numbers=3", "knobs.numbers=4"});
}

TEST_CASE("the flag --sweep takes ranges and tables as a file does") {
  CHECK(knob<double>(parse(kBase, swept({"knobs.ratio={from=0.6,to=0.8,step=0.1}"})), "ratio") ==
        std::vector{0.6, 0.7, 0.8});
  Pipeline const pipeline =
      parse(kBase, swept({"knobs={use=\"toy.knobs\",path=\"a\"},{use=\"toy.knobs\",path=\"b\"}"}));
  CHECK(names(pipeline) == Names{"knobs=a", "knobs=b"});
  CHECK(knob<std::string>(pipeline, "path") == Names{"/w/a", "/w/b"});
  CHECK(names(kBase, swept({"tally.in={number=\"knobs\"},\"more\""})) ==
        Names{"tally.in=knobs", "tally.in=more"});
}

TEST_CASE("paths of the file are relative to it, those of --sweep to the working folder") {
  Pipeline const pipeline = parse(sweep("knobs.path = [\"a\", \"/b\"]"), swept({"more.path=c"}));
  CHECK(knob<std::string>(pipeline, "path") == Names{"/p/a", "/b"});
  CHECK(option(pipeline, 0, "more", "path") == OptionValue("/w/c"));
}

// ---- What they share ----

TEST_CASE("stages that are equal in use, options and inputs are one") {
  Pipeline const pipeline = parse(sweep("more.ratio = [0.1, 0.2]\nsave.on_error = [\"skip\"]"));
  CHECK(pipeline.stages.size() == 8);  // src, knobs; two of more, tally, save
  for (PipelineStage const& each : pipeline.stages) {
    bool const shared = each.name == "src" || each.name == "knobs";
    CHECK(pipeline.serves_all(each) == shared);
    CHECK(each.variants.size() == (shared ? 2 : 1));
    for (auto const& input : each.inputs) {
      if (input) CHECK(&pipeline.stages[input->stage] < &each);
    }
  }
  CHECK(pipeline.variants[0].stages != pipeline.variants[1].stages);
}

TEST_CASE("what reads from a shared stage is shared too, whatever else differs") {
  Pipeline const pipeline = parse(sweep("save.on_error = [\"skip\", \"stop\"]"));
  CHECK(pipeline.stages.size() == 6);
  CHECK(stage(pipeline, 0, "tally").variants == std::vector<std::size_t>{0, 1});
}

TEST_CASE("values that come to the same are the same, and so are values set in other ways") {
  std::string const text = kBase +
                           "[[variant]]\nname = \"a\"\nset = { \"knobs.path\" = \"x\" }\n"
                           "[[variant]]\nname = \"b\"\n"
                           "set = { \"knobs.path\" = \"/p/./x\", \"more.ratio\" = 0.1 }\n"
                           "[[variant]]\nname = \"c\"\n"
                           "set = { knobs = { use = \"toy.knobs\", path = \"../p/x\" }, "
                           "\"more.ratio\" = 0.2 }\n";
  Pipeline const pipeline = parse(text);
  CHECK(pipeline.stages.size() == 2 + 3 * 3);
  CHECK(stage(pipeline, 2, "knobs").variants == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("an output that one variant wants is wanted of the stage that they share") {
  Pipeline const pipeline = parse(
      "[stages.src]\nuse = \"toy.source\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { left = \"src.number\", right = \"src.number\" }\n"
      "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"join\"\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"knobs\"\n"
      "[sweep]\nknobs.in = [\"join\", \"src.number\"]\n" +
      std::string("[stages.other]\nuse = \"toy.save\"\nin = \"join\"\n"));
  PipelineStage const& source = pipeline.source();
  CHECK(source.wanted == std::vector<bool>{false, true, false});
  CHECK(pipeline.serves_all(source));
}

TEST_CASE("two names for the same stage stay two stages in every variant") {
  Pipeline const pipeline =
      parse(kBase +
            "[stages.twin]\nuse = \"toy.knobs\"\nin = \"src.number\"\n"
            "[stages.last]\nuse = \"toy.save\"\nin = \"twin\"\n[sweep]\nmore.ratio = [0, 1]\n");
  CHECK(pipeline.stages.size() == 4 + 3 * 2);
  CHECK(pipeline.variants[0].stages.size() == 7);
}

TEST_CASE("a stage is made and checked once for all variants that share it") {
  static int made = 0;
  std::vector<StageDeclaration> declarations = toy::declarations();
  for (StageDeclaration& each : declarations) {
    each.make = [make = each.make] {
      ++made;
      return make();
    };
  }
  StageCatalog const catalog({}, std::move(declarations));
  made = 0;
  Pipeline const pipeline =
      parse_pipeline(sweep("save.on_error = [\"skip\", \"stop\"]\nmore.count = [1, 2, 3]"),
                     toy::request(), catalog);
  CHECK(pipeline.variants.size() == 6);
  CHECK(pipeline.stages.size() == 2 + 3 + 3 + 6);
  CHECK(made == 14);
}

TEST_CASE("thousands of variants are checked in no time") {
  auto const begin = std::chrono::steady_clock::now();
  Pipeline const pipeline =
      parse(sweep("knobs.factor = { from = 1, to = 100, step = 1 }\n"
                  "more.factor = { from = 0.01, to = 1, step = 0.01 }"));
  std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;
  CHECK(pipeline.variants.size() == 10'000);
  CHECK(pipeline.stages.size() == 1 + 100 + 3 * 10'000);
  CHECK(seconds.count() < 20);  // a tenth of a second, without sanitizers
}

// ---- Mistakes ----

TEST_CASE("an unknown stage or option of an axis is shown with the nearest") {
  CHECK(complaint(sweep("\"knbs.ratio\" = [0.1]")) ==
        "/p/toy.toml:16:1: error: the pipeline has no stage \"knbs\"; did you mean \"knobs\"?\n"
        "    \"knbs.ratio\" = [0.1]\n"
        "    ^");
  CHECK(complaint(sweep("\"knobs.ratoi\" = [0.1, 0.2]")) ==
        "/p/toy.toml:16:1: error: stage \"knobs\" (toy.knobs) has no option \"ratoi\"; did you "
        "mean \"ratio\"? (number, 0..1, default 0.5)\n"
        "    \"knobs.ratoi\" = [0.1, 0.2]\n"
        "    ^");
  CHECK_THAT(message(sweep("zzz = [{ use = \"toy.next\" }]")),
             Contains("has no stage \"zzz\" (it has \"src\""));
  CHECK_THAT(message(sweep("\"knobs.\" = [1]")), Contains("names no option"));
  CHECK_THAT(complaint(kBase, swept({"knbs.ratio=1"})),
             StartsWith("--sweep knbs.ratio=1: error: the pipeline has no stage \"knbs\""));
}

TEST_CASE("an axis without values is refused") {
  CHECK_THAT(complaint(sweep("knobs.ratio = []")),
             StartsWith("/p/toy.toml:16:15: error: the axis \"knobs.ratio\" has no values"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio="})), Contains("has no values"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio= "})), Contains("has no values"));
  CHECK_THAT(message(sweep("knobs = []")), Contains("has no values"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.1, to = 0.5, step = -0.1 }")),
             Contains("must be positive"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.1, to = 0.5, step = 0 }")),
             Contains("step is 0"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio={from=0,to=1,step=0}"})), Contains("step is 0"));
}

TEST_CASE("an axis says how it is written") {
  CHECK_THAT(message(sweep("knobs.ratio = 0.5")), Contains("write a list: [0.5]"));
  CHECK_THAT(message(sweep("knobs.text = \"a\"")), Contains("write a list: [\"a\"]"));
  CHECK_THAT(message(sweep("knobs = \"a\"")), Contains("write a list"));
  CHECK_THAT(message(sweep("knobs = [\"toy.next\"]")), Contains("takes tables"));
  CHECK_THAT(message(sweep("knobs = { from = 1, to = 2, step = 1 }")), Contains("whole stage"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = 1, stp = 1 }")),
             Contains("a range has no \"stp\"; did you mean \"step\"?"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = 1 }")), Contains("lacks \"step\""));
  CHECK_THAT(message(sweep("knobs.ratio = {}")), Contains("lacks \"from\""));
  CHECK_THAT(message(sweep("knobs.ratio = { from = \"0\", to = 1, step = 1 }")),
             Contains("\"from\" of a range takes a number"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = inf, step = 1 }")),
             Contains("\"to\" of a range takes a number"));
  CHECK_THAT(message("sweep = 5\n" + kBase), Contains("must be a table"));
  for (char const* const argument : {"", "=1", "knobs.ratio"}) {
    CHECK_THAT(message(kBase, swept({argument})),
               Contains("an axis is written stage.option=a,b,c"));
  }
}

TEST_CASE("the options of the run cannot be swept") {
  CHECK_THAT(message(sweep("run.jobs = [1, 2]")),
             Contains("the same for all variants") && Contains("\"run.jobs\""));
  CHECK_THAT(message(kBase, swept({"run.limit=1,2"})), Contains("cannot be varied"));
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\nset = { \"run.jobs\" = 1 }\n"),
             Contains("cannot be varied"));
}

TEST_CASE("a value that does not fit is shown at its place, with the variants that have it") {
  CHECK(complaint(sweep("knobs.ratio = [0.1, 1.5]\nmore.count = [1, 2, 3]")) ==
        "/p/toy.toml:16:21: error: variant \"knobs.ratio=1.5,more.count=1\" and 2 others: stage "
        "\"knobs\" (toy.knobs): option \"ratio\" is 1.5; it takes number, 0..1\n"
        "    knobs.ratio = [0.1, 1.5]\n"
        "                        ^");
  CHECK_THAT(message(sweep("knobs.ratio = [\"a\", 1]")),
             StartsWith("variant \"knobs.ratio=a\": ") && Contains("not the string \"a\""));
  CHECK_THAT(message(sweep("knobs.ratio = [1.5]")), StartsWith("variant \"knobs.ratio=1.5\": "));
  CHECK_THAT(message(sweep("knobs.mood = [\"clam\", \"wild\"]")),
             Contains("did you mean \"calm\"?"));
  auto const shown = complaint(kBase, swept({"knobs.ratio=0.1, 1.5,0.2"}));
  CHECK_THAT(shown, StartsWith("--sweep knobs.ratio=0.1, 1.5,0.2: error: variant"));
  CHECK_THAT(toy::pointed_at(shown), StartsWith("1.5,0.2"));
  CHECK_THAT(toy::pointed_at(complaint(kBase, swept({"knobs={name=\"a\",ratio=2},{name=\"b\"}"}))),
             StartsWith("2},{"));
}

TEST_CASE("a mistake that all variants have is told once, without their names") {
  CHECK(complaint(sweep("more.count = [1, 2]\n[stages.knobs2]\nuse = \"toy.nxt\"\n")) ==
        "/p/toy.toml:18:7: error: there is no stage \"toy.nxt\"; did you mean \"toy.next\"?\n"
        "    use = \"toy.nxt\"\n"
        "          ^");
}

TEST_CASE("mistakes in wires are those of the variants that have them") {
  CHECK_THAT(complaint(sweep("more.in = [\"knobs\", \"knbs\"]\nmore.count = [1, 2]")),
             StartsWith("/p/toy.toml:16:21: error: variant \"more.in=knbs,more.count=1\" and 1 "
                        "other: stage \"more\" (toy.knobs) reads from \"knbs\""));
  CHECK_THAT(message(sweep("tally.in = [\"more\", \"knobs\"]\nsave.in = [\"more\", \"knobs\"]")),
             StartsWith("variant \"tally.in=knobs,save.in=knobs\": stage \"more\" (toy.knobs) is "
                        "unused"));
}

TEST_CASE("what a table that swaps a stage lacks is shown at the table") {
  auto const found = toy::mistakes(
      sweep("knobs = [{ name = \"a\", use = \"toy.needs\" }, { name = \"b\" }]"), swept({}));
  REQUIRE(found.size() == 2);
  CHECK(found[0].place.line == 16);
  CHECK(found[0].place.column == 10);
  CHECK_THAT(found[0].message, StartsWith("variant \"knobs=a\": stage \"knobs\" (toy.needs) needs "
                                          "the option \"dir\""));
}

TEST_CASE("the mistakes of all variants are reported together, in the order of the file") {
  auto const found = toy::mistakes(
      sweep("knobs.ratio = [2, 0.5, 3]\nnone.x = [1]\nmore.count = [11]\nrun.jobs = [1]\n"),
      swept({"save.in=nothing"}));
  REQUIRE(found.size() == 6);
  CHECK(found[0].place.line == 16);
  CHECK(found[1].place.line == 16);
  CHECK(found[2].place.line == 17);
  CHECK(found[3].place.line == 18);
  CHECK(found[4].place.line == 19);
  CHECK(found[5].place.source->is_argument());
}

TEST_CASE("an axis with a mistake makes its stage no second one") {
  CHECK(toy::mistakes(
            "[stages.x]\nin = \"src.number\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                sweep("x.use = []"),
            swept({}))
            .size() == 1);
  CHECK(toy::mistakes(
            "[stages.x]\nin = \"src.number\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                sweep("x = [5]"),
            swept({}))
            .size() == 1);
  CHECK(
      toy::mistakes("[stages.x]\nuse = \"toy.needs\"\nin = \"src.number\"\nlist = \"/etc/passwd\"\n"
                    "[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                        sweep("x.dir = 5"),
                    swept({}))
          .size() == 1);
  CHECK(
      toy::mistakes("[stages.x]\nuse = \"toy.next\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                        sweep("x.in = []"),
                    swept({}))
          .size() == 1);
}

TEST_CASE("an axis that is there twice is refused") {
  CHECK_THAT(message(sweep("\"knobs.ratio\" = [0.1]\nknobs.ratio = [0.2]")),
             Contains("\"knobs.ratio\" is there twice"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio=0.1", "knobs.ratio=0.2"})),
             Contains("is there twice"));
}

TEST_CASE("a value that is there twice, and names that collide, are refused") {
  CHECK_THAT(complaint(sweep("knobs.ratio = [0.1, 0.5, 0.10]")),
             StartsWith("/p/toy.toml:16:26: error: the axis \"knobs.ratio\" has the value \"0.1\" "
                        "twice"));
  CHECK_THAT(message(sweep("knobs.text = [\"a b\", \"a/b\"]")),
             Contains("both be called \"a-b\"") && Contains("value = ..."));
  CHECK_THAT(message(sweep("knobs.text = [\"1,more.text=2\", \"1\"]\n"
                           "more.text = [\"3\", \"2,more.text=3\"]")),
             Contains("two variants would be called \"knobs.text=1,more.text=2,more.text=3\""));
}

TEST_CASE("two variants that are equal are refused by their names") {
  CHECK(complaint(sweep("knobs.path = [\"x\", \"/p/x\"]\nmore.count = [1, 2]")) ==
        "/p/toy.toml:16:20: error: the variants \"knobs.path=x,more.count=1\" and "
        "\"knobs.path=-p-x,more.count=1\" are equal in every stage; remove one of them\n"
        "    knobs.path = [\"x\", \"/p/x\"]\n"
        "                       ^");
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n"
                             "set = { \"knobs.ratio\" = 0.5 }\n"),
             Contains("\"a\" and \"b\" are equal"));
  CHECK_THAT(message(sweep("knobs = [{ name = \"a\", use = \"toy.knobs\", ratio = 0.1 },\n"
                           "{ name = \"b\", use = \"toy.knobs\", ratio = 0.2 }]\n"
                           "\"knobs.ratio\" = [0.5]")),
             Contains("\"knobs.ratio\" is an axis, and the axis \"knobs\" sets it too; leave one "
                      "of them out"));
}

TEST_CASE("variants that read different data are refused at the axis") {
  CHECK(complaint(sweep("src.samples = [3, 4]")) ==
        "/p/toy.toml:16:5: error: the variants \"src.samples=3\" and \"src.samples=4\" read "
        "different data; all variants stream one data set: run them one by one with --set\n"
        "    src.samples = [3, 4]\n"
        "        ^");
  CHECK(names(sweep("src.samples = [4]\nmore.count = [1, 2]")).size() == 2);
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n"
                             "set.src.samples = 5\n"),
             Contains("read different data"));
}

TEST_CASE("more than ten thousand variants are counted and refused, unless they are wanted") {
  std::string const text = sweep(
      "knobs.factor = { from = 1, to = 101, step = 1 }\n"
      "more.factor = { from = 1, to = 100, step = 1 }\n");
  CHECK_THAT(complaint(text),
             StartsWith("/p/toy.toml:16:7: error: the sweep has 10100 variants, more than 10000; "
                        "with --yes"));
  auto request = swept({});
  request.any_number_of_variants = true;
  CHECK(parse(text, request).variants.size() == 10'100);
  for (bool const yes : {false, true}) {
    request.any_number_of_variants = yes;
    CHECK_THAT(message(sweep("knobs.factor = { from = 0, to = 1, step = 1e-12 }"), request),
               Contains("has 1000000000001 variants"));
    CHECK_THAT(message(sweep("knobs.factor = { from = 0, to = 1e30, step = 1 }\n"
                             "more.factor = { from = 0, to = 1e30, step = 1 }"),
                       request),
               Contains("more than 10^18 variants"));
  }
}

TEST_CASE("a variant has a name for its folder, and says what it sets") {
  auto const variant = [](std::string const& lines) {
    return message(kBase + "[[variant]]\n" + lines + "\n");
  };
  CHECK_THAT(variant("set = { \"knobs.ratio\" = 0.1 }"), Contains("has no name"));
  CHECK_THAT(variant("name = \"\""), Contains("names its folder"));
  CHECK_THAT(variant("name = \".\""), Contains("names its folder"));
  CHECK_THAT(variant("name = \"..\""), Contains("names its folder"));
  CHECK_THAT(variant("name = 5"), Contains("takes a string"));
  CHECK_THAT(variant("name = \"" + std::string(256, 'x') + "\""), Contains("has 256"));
  CHECK_THAT(variant("name = \"a\"\nsets = {}"), Contains("did you mean \"set\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = 5"), Contains("must be a table"));
  CHECK_THAT(variant("name = \"a\"\nset = { knobs = 5 }"), Contains("is a stage"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knbs.x\" = 5 }"),
             Contains("did you mean \"knobs\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knobs.rato\" = 5 }"),
             StartsWith("variant \"a\": ") && Contains("did you mean \"ratio\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knobs.ratio\" = 0.1, knobs = { ratio = 0.1 } }"),
             Contains("sets \"knobs.ratio\" twice"));
  CHECK_THAT(
      variant("name = \"a b\"\nset = { \"knobs.ratio\" = 0.1 }\n[[variant]]\nname = \"a/b\""),
      Contains("two variants are called \"a-b\""));
  CHECK_THAT(message("variant = 5\n" + kBase), Contains("[[variant]]"));
  CHECK_THAT(message(sweep("knobs.text = [\"" + std::string(300, 'y') + "\"]")),
             Contains("cannot be longer than 255"));
}

TEST_CASE("an axis, a variant and --set must not contradict each other") {
  std::string const file = sweep("knobs.ratio = [0.1, 0.2]\n");
  CHECK(complaint(file, swept({}, {"knobs.ratio=0.4"})) ==
        "--set knobs.ratio=0.4: error: \"knobs.ratio\" is an axis of the sweep; give it this one "
        "value by --sweep knobs.ratio=0.4\n"
        "    knobs.ratio=0.4\n"
        "          ^");
  CHECK(names(file, swept({}, {"knobs.count=4"})).size() == 2);
  std::string const variants = "[[variant]]\nname = \"a\"\nset = { \"knobs.ratio\" = 0.3 }\n";
  CHECK_THAT(complaint(file + variants),
             StartsWith("/p/toy.toml:19:9: error: \"knobs.ratio\" is set by the variant \"a\" and "
                        "by the axis \"knobs.ratio\""));
  CHECK_THAT(message(kBase + variants, swept({"knobs.ratio=1"})), Contains("leave one of them"));
  CHECK_THAT(message(kBase + variants, swept({}, {"knobs.ratio=1"})),
             Contains("the variant \"a\" sets \"knobs.ratio\" itself"));
  std::string const swaps =
      sweep("knobs = [{ name = \"a\", use = \"toy.knobs\" }, { name = \"b\", count = 2 }]\n");
  CHECK_THAT(message(swaps, swept({}, {"knobs.ratio=1"})),
             Contains("the axis \"knobs\" of the sweep sets \"knobs.ratio\" too"));
  CHECK(toy::mistakes(swaps, swept({}, {"knobs.on_error=skip"})).empty());
  CHECK_THAT(message(swaps + variants), Contains("and by the axis \"knobs\""));
}

TEST_CASE("name is no option that a sweep or a stage could have") {
  CHECK_THAT(message(kBase + "name = \"x\"\n"), Contains("has no option \"name\""));
  Plugin plugin;
  plugin.stage<toy::Knobs>("test.named", "Has a name")
      .inputs("number")
      .output("number")
      .option("name", &toy::Knobs::text, "its name");
  CHECK_THROWS_WITH(plugin.finish(), Contains("cannot be called \"name\""));
}

TEST_CASE("the run says which samples it takes and whose files it keeps") {
  auto const run = [](std::string const& lines) {
    return parse(kBase + "[run]\n" + lines + "\n").run;
  };
  CHECK(run("").shard == Shard{0, 1});
  CHECK(run("shard = \"2/3\"").shard == Shard{2, 3});
  CHECK(run("shard = \"0/1\"").shard == Shard{0, 1});
  CHECK_FALSE(run("").keep);
  CHECK(run("keep = \"best\"").keep == Keep::best);
  CHECK(run("keep = \"none\"").keep == Keep::none);
  for (char const* const shard : {"", "3/3", "-1/3", "1", "1/", "/3", "a/b", "1/3x", "0/0", "1 /3",
                                  "0/99999999999999999999"}) {
    CAPTURE(shard);
    CHECK_THAT(complaint(kBase + "[run]\nshard = \"" + shard + "\"\n"),
               StartsWith("/p/toy.toml:16:9: error: [run]: option \"shard\" is \"") &&
                   Contains("it takes \"I/N\""));
  }
  CHECK_THAT(message(kBase + "[run]\nkeep = \"bst\"\n"), Contains("did you mean \"best\"?"));
}
