// seplflow/testing.hpp: a stage in a test goes through its declaration, as in a pipeline.
#include <seplflow/testing.hpp>

#include "support/catch.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;
using namespace seplflow::testing;
using toy::Number;

namespace {

// Adds an option to its input, and another input if there is one.
struct Add {
  std::int64_t amount = 1;
  std::string word = "as it is";
  std::optional<std::filesystem::path> folder;

  void check(OptionCheck& check) {
    if (amount == 7) check.refuse("amount", "not seven");
    if (amount == 8) check.missing("folder", "no such folder");
    if (check.given("amount")) word += ", amount";
    if (check.connected("number")) word += ", number";
    if (check.connected("more")) word += ", more";
    if (check.wanted("sum")) word += ", sum";
    if (amount == 9) check.warn("amount", "nine is many");
  }
  std::optional<Number> operator()(SampleContext const& context, Number const& number,
                                   Number const* more) const {
    if (number.value < 0) return std::nullopt;
    if (number.value == 0) context.warn("it is zero", context.sample().id);
    return Number{number.value + amount + (more ? more->value : 0)};
  }
};

// Counts, and forgets half of each record when it is saved.
struct Forgetful {
  std::int64_t operator()(Number const& number) const { return number.value; }
  std::string save(std::int64_t const& record) const { return std::to_string(record / 2); }
  std::int64_t load(std::string_view bytes) const { return std::stoll(std::string(bytes)); }
  std::vector<std::string> columns() const { return {"number"}; }
  Row fold(Sample const&, std::int64_t const& record) { return {record}; }
  Findings finish() const { return {}; }
};

struct Write {
  void operator()(SampleContext const& context, Number const&) const {
    std::string const& id = context.sample().id;
    context.output().write(id + ".txt",
                           {reinterpret_cast<std::uint8_t const*>(id.data()), id.size()});
  }
};

struct PlaceSource {
  std::optional<Sample> next() { return voc_sample("s" + std::to_string(emitted++)); }
  Number place(Sample const& sample) const { return {static_cast<std::int64_t>(sample.index)}; }
  int emitted = 0;
};

void declare(Plugin& plugin) {
  plugin.stage<Add>("test.add", "Add")
      .inputs("number", "more")
      .output("sum")
      .option("amount", &Add::amount, "what is added", in_range(0, 10))
      .option("word", &Add::word, "a word")
      .option("folder", &Add::folder, "a folder", existing_folder());
  plugin.stage<Forgetful>("test.forgetful", "Forget").inputs("number");
  plugin.stage<Write>("test.write", "Write").inputs("number");
  plugin.stage<PlaceSource>("test.source", "Emit").output("place", &PlaceSource::place);
  plugin.stage<PlaceSource>("test.wrong", "").output("place", &PlaceSource::place);
}

StageKit add(Setup const& setup = {}) {
  return StageKit(declare, "test.add", setup);
}

std::string error_of_add(Setup const& setup) {
  try {
    add(setup);
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("options of a tested stage are read as in a pipeline with the same errors") {
  StageKit stage = add("amount = 3\nword = 'a\"b'\nfolder = \".\"");
  CHECK(stage.option("amount") == OptionValue(std::int64_t{3}));
  CHECK(stage.default_of("amount") == OptionValue(std::int64_t{1}));
  CHECK(std::get<std::string>(*stage.option("folder")) ==
        (std::filesystem::current_path() / "").lexically_normal().string());
  CHECK_FALSE(add().option("folder"));
  CHECK_THAT(
      error_of_add("amount = 11"),
      StartsWith("options:1:10: error: test.add: option \"amount\": expected an integer from "
                 "0 to 10, got 11\n    amount = 11\n"));
  CHECK_THAT(error_of_add("word = 'a'\namonut = 1"),
             Contains("options:2:1: error: test.add has no option \"amonut\"; did you mean "
                      "\"amount\"?"));
  CHECK_THAT(error_of_add("amount = many"), Contains("a string needs quotes"));
  CHECK_THAT(error_of_add("folder = \"/no/such\""), Contains("folder not found: /no/such"));
  CHECK_THROWS_WITH(stage.option("amonut"), Contains("test.add has no option \"amonut\""));
}

TEST_CASE("a tested stage is found by its name and a wrong declaration is an error") {
  CHECK_THROWS_WITH(StageKit(declare, "test.ad"), Contains("did you mean \"test.add\"?"));
  CHECK_THROWS_WITH(StageKit(declare, "test.wrong"), Contains("it has no summary"));
  CHECK_THROWS_WITH(StageKit(declare, ""), Contains("stage test.wrong"));
}

TEST_CASE("check() of a tested stage knows options and inputs and outputs") {
  CHECK(std::get<std::string>(*add().option("word")) == "as it is, number");
  Setup setup("amount = 2");
  setup.inputs = {"more"};
  setup.outputs = {"sum"};
  CHECK(std::get<std::string>(*add(setup).option("word")) == "as it is, amount, number, more, sum");
  setup.outputs = {"product"};
  CHECK_THROWS_WITH(add(setup), Contains("test.add has no output product"));
  CHECK(add("amount = 9").warnings() == "amount: nine is many\n");
}

TEST_CASE("a stage that check() refused does not run but one whose files are missing does") {
  Sample const sample = voc_sample("a");
  StageKit refused = add("amount = 7"), missing = add("amount = 8");
  CHECK(refused.problems() == "amount: not seven\n");
  CHECK_THROWS_WITH(refused.run<Number>(sample, Number{1}), Contains("amount: not seven"));
  CHECK(missing.problems() == "folder: no such folder\n");
  CHECK(missing.run<Number>(sample, Number{1}).value == 9);
}

TEST_CASE("a tested transform takes inputs and may decline and warn") {
  Sample const sample = voc_sample("a");
  StageKit stage = add();
  CHECK(stage.run<Number>(sample, Number{1}).value == 2);
  CHECK(stage.run<Number>(sample, Number{1}, std::nullopt).value == 2);
  CHECK(stage.output<Number>("sum", sample, Number{1}, Number{5}).value == 7);
  Number const* const none = nullptr;
  CHECK(stage.run<Number>(sample, Number{1}, none).value == 2);
  CHECK(stage.declines(sample, Number{-1}));
  CHECK_FALSE(stage.declines(sample, Number{1}));
  CHECK_THROWS_WITH(stage.run<Number>(sample, Number{-1}), Contains("declined the sample \"a\""));
  CHECK(stage.warned().empty());
  stage.run<Number>(sample, Number{0});
  CHECK(stage.warned() == std::vector<Warning>{{"it is zero", "a"}});
  CHECK(stage.warned().empty());
}

TEST_CASE("inputs and outputs of a tested stage are compared with its ports") {
  Sample const sample = voc_sample("a");
  StageKit stage = add();
  CHECK_THROWS_WITH(stage.run<Number>(sample),
                    Contains("the input \"number\" of test.add is missing"));
  CHECK_THROWS_WITH(stage.run<Number>(sample, sample),
                    Contains("is of type toy.Number, not Sample"));
  CHECK_THROWS_WITH(stage.run<LabelMap>(sample, Number{1}), Contains("not LabelMap"));
  CHECK_THROWS_WITH(stage.run<Number>(sample, Number{1}, Number{1}, Number{1}),
                    Contains("only 2 inputs"));
  CHECK_THROWS_WITH(stage.output<Number>("product", sample, Number{1}),
                    Contains("no output \"product\""));
  CHECK_THROWS_WITH(stage.write(sample, Number{1}), Contains("is transform, not sink"));
}

TEST_CASE("records of a tested observer are saved and loaded before they are folded") {
  StageKit stage(declare, "test.forgetful");
  CHECK(stage.observe(voc_sample("a"), Number{10}) == Row{5});
}

TEST_CASE("the files of a tested sink are in memory") {
  StageKit stage(declare, "test.write");
  stage.write(voc_sample("a"), Number{1});
  stage.write(voc_sample("b/c"), Number{1});
  CHECK(stage.files().size() == 2);
  CHECK(stage.text("b/c.txt") == "b/c");
  CHECK_THROWS_WITH(stage.text("c.txt"), Contains("it wrote a.txt, b/c.txt"));
  CHECK_THROWS_WITH(stage.write(voc_sample("../a"), Number{1}), Contains("\"../a.txt\""));
}

TEST_CASE("a tested source emits samples with their places") {
  StageKit stage(declare, "test.source");
  auto const samples = stage.samples(3);
  REQUIRE(samples.size() == 3);
  CHECK(samples[2].id == "s2");
  CHECK(stage.produce<Number>("place", samples[2]).value == 2);
}

TEST_CASE("require() throws unless the sentence holds") {
  require(true, "one is one");
  CHECK_THROWS_WITH(require(false, "one is two"), "not true: one is two");
}
