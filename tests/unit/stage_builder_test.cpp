// What the engine learns from the class of a stage.
#include <seplflow/plugin.hpp>

#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;
using toy::Number;
namespace fs = std::filesystem;

namespace {

using Paths = std::vector<fs::path>;

// Rounds down to a multiple of `step`, and declines negative numbers.
struct Rounded {
  std::int64_t step = 10;

  struct Decision {
    std::int64_t number;
    bool operator==(Decision const&) const = default;
  };
  Decision decide(SampleContext const& context, Number const& number, Number const* more) const {
    if (context.sample().id == "bad") throw Error("cannot decide");
    return {(number.value + (more ? more->value : 0)) / step * step};
  }
  static std::optional<Number> carry_out(Decision const& decision, SampleContext const&,
                                         Number const& number, Number const*) {
    if (number.value < 0) return std::nullopt;
    return Number{decision.number};
  }
  Paths files(Sample const& sample) const { return {"dir/" + sample.id, "common"}; }
};

struct Plain {
  Number operator()(Number const& number) const { return number; }
};

struct Careless : Plain {
  bool needs_files() const { return false; }
};

struct Remembering {
  std::int64_t factor = 2;
  struct Record {
    std::int64_t number;
  };
  Record operator()(Number const& number) const { return {number.value}; }
  std::string save(Record const& record) const { return std::to_string(record.number); }
  Record load(std::string_view bytes) const {
    if (bytes.empty()) throw Error("no record");
    return {std::stoll(std::string(bytes))};
  }
  void fold(Sample const&, Record const& record) { sum += factor * record.number; }
  Findings finish() const {
    Findings findings;
    findings.metrics.set("sum", sum);
    return findings;
  }
  std::int64_t sum = 0;
};

struct Forgetting {
  using Record = std::int64_t;
  Record operator()(Number const& number) const { return number.value; }
  void fold(Sample const&, Record const&) {}
  Findings finish() const { return {}; }
};

struct Source {
  std::optional<Sample> next() { return std::nullopt; }
  Number with(Sample const& sample) const { return {static_cast<std::int64_t>(sample.index)}; }
  Number without(Sample const&) const { return {1}; }
  Paths files_of_with(Sample const& sample) const { return {root / sample.id}; }
  fs::path root = "root";
};

template <class T>
StageDriver driver(std::function<void(StageBuilder<T>&)> const& complete) {
  return StageDriver([&](Plugin& plugin) { complete(plugin.stage<T>("test.stage", "Test")); });
}

StageDriver rounded(std::int64_t step = 10) {
  StageSetup setup;
  setup.options["step"] = step;
  return StageDriver(
      [](Plugin& plugin) {
        plugin.stage<Rounded>("test.rounded", "Round")
            .inputs("number", "more")
            .output("number")
            .option("step", &Rounded::step, "to multiples of this");
      },
      setup);
}

Sample sample(std::string id = "a") {
  Sample sample;
  sample.id = std::move(id);
  return sample;
}

}  // namespace

TEST_CASE("a stage in two steps has the ports of decide() and of carry_out()") {
  StageDriver const stage = rounded();
  auto const& declaration = stage.declaration();
  CHECK(declaration.kind == StageKind::transform);
  REQUIRE(declaration.inputs.size() == 2);
  CHECK(declaration.inputs[0].name == "number");
  CHECK_FALSE(declaration.inputs[0].optional);
  CHECK(declaration.inputs[1].optional);
  REQUIRE(declaration.outputs.size() == 1);
  CHECK(declaration.outputs[0].type == "toy.Number");
  CHECK_FALSE(declaration.serial);
}

TEST_CASE("a stage loads if its inputs are only the sample and its image-level labels") {
  struct Loader {
    Number operator()(Sample const&, ImageLabels const*) const { return {}; }
  };
  StageDriver const loader =
      driver<Loader>([](auto& builder) { builder.inputs("sample", "labels").output("number"); });
  CHECK(loader.declaration().loads);
  StageDriver const plain = driver<Plain>([](auto& builder) { builder.inputs("a").output("b"); });
  CHECK_FALSE(plain.declaration().loads);
}

TEST_CASE("run() is decide() and then carry_out()") {
  StageDriver ten = rounded(10), five = rounded(5);
  Number const number{27}, more{4};
  Sample const a = sample();
  SampleContext const context(a, nullptr);
  std::vector<void const*> const inputs = {&number, nullptr}, both = {&number, &more};
  auto const value = [](std::optional<std::vector<Value>> const& values) {
    return std::static_pointer_cast<Number const>(values.value().at(0))->value;
  };
  auto& stage = ten.instance();
  CHECK(stage.decides());
  auto const decision = stage.decide(context, inputs);
  CHECK(value(stage.carry_out(decision.get(), context, inputs)) == 20);
  CHECK(value(stage.run(context, inputs)) == 20);
  CHECK(value(stage.run(context, both)) == 30);
  CHECK(value(five.instance().run(context, inputs)) == 25);

  // Instances with other options may decide alike.
  CHECK(stage.same_decision(decision.get(), stage.decide(context, inputs).get()));
  CHECK_FALSE(stage.same_decision(decision.get(), five.instance().decide(context, inputs).get()));
  Number const even{20};
  std::vector<void const*> const other = {&even, nullptr};
  CHECK(stage.same_decision(decision.get(), five.instance().decide(context, other).get()));
}

TEST_CASE("carry_out() may skip the sample, and decide() may throw") {
  StageDriver stage = rounded();
  Number const negative{-5};
  std::vector<void const*> const inputs = {&negative, nullptr};
  Sample const good = sample(), bad = sample("bad");
  SampleContext const context(good, nullptr), failing(bad, nullptr);
  CHECK_FALSE(stage.instance().run(context, inputs));
  CHECK_THROWS_AS(stage.instance().run(failing, inputs), Error);
}

TEST_CASE("a stage in one step does not decide") {
  StageDriver stage = driver<Plain>([](auto& builder) { builder.inputs("a").output("b"); });
  Number const number{3};
  Sample const a = sample();
  SampleContext const context(a, nullptr);
  std::vector<void const*> const inputs = {&number};
  CHECK_FALSE(stage.instance().decides());
  CHECK_THROWS(stage.instance().decide(context, inputs));
  CHECK_THROWS(stage.instance().same_decision(&number, &number));
  CHECK_THROWS(stage.instance().carry_out(&number, context, inputs));
  CHECK(stage.instance().files(0, a).empty());
}

TEST_CASE("a stage lists the files that it reads for a sample") {
  StageDriver stage = rounded();
  CHECK(stage.instance().files(0, sample("x")) == Paths{"dir/x", "common"});
}

TEST_CASE("a stage needs its files by default") {
  StageDriver plain = driver<Plain>([](auto& builder) { builder.inputs("a").output("b"); });
  CHECK(plain.instance().needs_files());
  StageDriver careless = driver<Careless>([](auto& builder) { builder.inputs("a").output("b"); });
  CHECK_FALSE(careless.instance().needs_files());
}

TEST_CASE("each output of a source lists its own files") {
  StageDriver stage = driver<Source>([](auto& builder) {
    builder.output("without", &Source::without)
        .output("with", &Source::with, &Source::files_of_with);
  });
  CHECK(stage.instance().files(0, sample("x")).empty());
  CHECK(stage.instance().files(1, sample("x")).empty());
  CHECK(stage.instance().files(2, sample("x")) == Paths{"root/x"});
  Sample third = sample("x");
  third.index = 3;
  CHECK(stage.produce<Number>("with", third).value == 3);
  CHECK(stage.produce<Number>("without", third).value == 1);
}

TEST_CASE("an observer's record can be saved as bytes and loaded") {
  auto const make = [] {
    return driver<Remembering>([](auto& builder) { builder.inputs("number"); });
  };
  StageDriver first = make(), second = make();
  Number const number{21};
  first.observe(sample(), number);
  Sample const a = sample();
  SampleContext const context(a, nullptr);
  std::vector<void const*> const inputs = {&number};
  auto const record = first.instance().run(context, inputs).value().at(0);
  auto const bytes = first.instance().save(record.get());
  REQUIRE(bytes);
  CHECK(*bytes == "21");
  second.fold(sample(), second.instance().load(*bytes).get());
  CHECK(std::get<std::int64_t>(second.finish().metrics.entries().at(0).second) == 42);
  CHECK_THROWS_AS(second.instance().load(""), Error);
}

TEST_CASE("an observer without save() saves nothing") {
  StageDriver stage = driver<Forgetting>([](auto& builder) { builder.inputs("number"); });
  std::int64_t const record = 5;
  CHECK(stage.instance().save(&record) == std::nullopt);
  CHECK_THROWS(stage.instance().load("5"));
}
