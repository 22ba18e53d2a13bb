#include <mutex>
#include <thread>

#include "engine/engine.hpp"
#include "run/warning_log.hpp"
#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;

namespace {

// Keeps what was warned of: "STAGE ID WHAT DETAIL".
struct WarnedListener : RecordingListener {
  explicit WarnedListener(Pipeline const& of) : pipeline(of) {
    on_retired = [this](Retired const& retired) {
      for (auto const& [stage, warning] : retired.warnings) {
        warned.push_back(pipeline.stages[stage].name + " " + retired.sample.id + " " +
                         warning.what + " " + warning.detail);
      }
      log.add(pipeline, retired);
    };
  }
  Pipeline const& pipeline;
  std::vector<std::string> warned;
  WarningLog log;
};

void warn_of_odd(SampleContext const& context, Inputs const& in) {
  if (*in[0] % 2 == 1) context.warn("the number is odd", std::to_string(*in[0]));
}

Retired retired_with(Sample const& sample, std::vector<StageWarning> warnings) {
  Retired retired{sample, Outcome::done, {}, std::nullopt, {}, {}};
  retired.warnings = std::move(warnings);
  return retired;
}

Sample numbered(std::uint64_t index) {
  Sample sample;
  sample.id = "s" + std::to_string(index);
  sample.index = index;
  return sample;
}

}  // namespace

TEST_CASE("warnings come with their sample, in data set order, for any number of threads",
          "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  LambdaPipeline test(7);
  test.sink("write", {"source"}, warn_of_odd);
  test.variant("", {"write"});
  WarnedListener listener(test.pipeline);
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.done == 7);
  CHECK(listener.warned == std::vector<std::string>{"write 1 the number is odd 1",
                                                    "write 3 the number is odd 3",
                                                    "write 5 the number is odd 5"});
}

TEST_CASE("warnings may come from several threads of one stage", "[engine]") {
  LambdaPipeline test(1);
  test.sink("write", {"source"}, [](SampleContext const& context, Inputs const&) {
    std::thread other([&] {
      for (int i = 0; i < 100; ++i) context.warn("other");
    });
    for (int i = 0; i < 100; ++i) context.warn("this");
    other.join();
  });
  test.variant("", {"write"});
  WarnedListener listener(test.pipeline);
  run(test, listener);
  CHECK(listener.warned.size() == 200);
  REQUIRE(listener.log.counts().size() == 2);
  CHECK(listener.log.counts()[0].samples == 1);
  CHECK(listener.log.counts()[1].samples == 1);
}

TEST_CASE("a stage that variants share warns once, and a sample counts once for all of them",
          "[engine]") {
  LambdaPipeline test(4);
  for (char const* const name : {"write@a", "write@b", "write@c"}) {
    test.sink(name, {"source"}, warn_of_odd).setting = name[6] == 'c' ? 2 : 1;
  }
  test.variant("a", {"write@a"});
  test.variant("b", {"write@b"});
  test.variant("c", {"write@c"});
  WarnedListener listener(test.pipeline);
  run(test, listener);
  CHECK(listener.warned.size() == 4);  // a and b have the same settings
  auto const counts = listener.log.counts();
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].samples == 2);
  CHECK(counts[0].text() == "write: the number is odd: 2 samples, first 1 (1)");
}

TEST_CASE("a failed sample has the warnings of the stages before, but not of the stage that failed",
          "[engine]") {
  LambdaPipeline test(1);
  test.pipeline.run.on_error = OnError::skip;
  test.sink("fine", {"source"},
            [](SampleContext const& context, Inputs const&) { context.warn("odd"); });
  test.sink("fails", {"source"}, [](SampleContext const& context, Inputs const&) {
    context.warn("lost");
    throw Error("no");
  });
  test.variant("", {"fine", "fails"});
  WarnedListener listener(test.pipeline);
  CHECK(run(test, listener).failed == 1);
  CHECK(listener.warned == std::vector<std::string>{"fine 0 odd "});
}

TEST_CASE("a stage whose warnings are all different takes bounded memory") {
  LambdaPipeline test(1);
  test.sink("write", {"source"}, warn_of_odd);
  WarningLog log;
  std::size_t told = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Sample const sample = numbered(i);
    told += log.add(test.pipeline, retired_with(sample, {{1, {"kind " + std::to_string(i), ""}}}))
                .size();
  }
  auto const counts = log.counts();
  REQUIRE(counts.size() == WarningLog::kKinds + 1);
  CHECK(told == WarningLog::kKinds + 1);
  CHECK(counts.back().samples == 900);
  CHECK(counts.back().first == "s100");
}

TEST_CASE("a second pass over the same samples adds only new warnings") {
  LambdaPipeline test(1);
  test.sink("write", {"source"}, warn_of_odd);
  WarningLog first, second;
  Sample const a = numbered(0), b = numbered(1);
  first.add(test.pipeline, retired_with(a, {{1, {"known", ""}}}));
  for (Sample const& sample : {a, b}) {
    second.add(test.pipeline, retired_with(sample, {{1, {"known", ""}}, {1, {"new", "x"}}}));
  }
  first.add_new(second);
  auto const counts = first.counts();
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].samples == 1);
  CHECK(counts[1].text() == "write: new: 2 samples, first s0 (x)");
}
