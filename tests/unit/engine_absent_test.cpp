// A sample that does not have an output of its source passes the stages that do not need it.
#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;

namespace {

// The source has a number for even samples only. "score" needs it, "write" takes it if it is there,
// and "both" reads it through a stage that needs it.
struct Partial {
  explicit Partial(int samples) : test(samples) {
    test.source().on_produce = [this](Sample const& sample) -> std::optional<Number> {
      ++produced;
      Number const number = std::stoll(sample.id);
      if (number % 2 != 0) return std::nullopt;
      return number;
    };
    test.transform("double", {"source"}, [](Sample const&, Inputs const& in) {
      return std::optional(2 * *in[0]);
    });
    auto& score = test.observer(
        "score", {"source"}, [](Sample const&, Inputs const& in) { return std::optional(*in[0]); },
        [this](Sample const&, Number number) { scored.push_back(number); });
    score.on_save = [](Number number) { return std::to_string(number); };
    score.on_load = [](std::string_view text) { return std::stoll(std::string(text)); };
    test.sink("write", {"source"}, write("write"));
    test.declaration("write").inputs[0].optional = true;
    test.sink("both", {"double"}, write("both"));
    test.declaration("both").inputs[0].optional = true;
    test.variant("", {"score", "write", "both"});
  }

  std::function<void(SampleContext const&, Inputs const&)> write(std::string const& name) {
    return [this, name](SampleContext const& context, Inputs const& in) {
      ++written;
      std::string const text = in[0] ? std::to_string(*in[0]) : "nothing";
      context.output().write(context.sample().id + "-" + name + "-" + text, {});
    };
  }

  LambdaPipeline test;
  std::atomic<int> produced{0}, written{0};
  std::vector<Number> scored;
};

}  // namespace

TEST_CASE("stages skip a sample without the output they need, and others do not", "[engine]") {
  Partial partial(20);
  RecordingListener listener;
  RunTotals const totals = run(partial.test, listener, GENERATE(1, 4));
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.done == 20);
  CHECK(totals.skipped == 0);
  CHECK(partial.scored.size() == 10);
  auto const counts = [&](char const* stage) { return totals.stages[partial.test.index(stage)]; };
  CHECK(counts("source").out == 20);
  CHECK(counts("score").in == 20);
  CHECK(counts("score").out == 10);
  CHECK(counts("score").skipped == 10);
  CHECK(counts("write").out == 20);
  CHECK(counts("both").out == 20);
  CHECK(totals.variants[0].skipped == 0);
  for (auto const& record : listener.records) {
    CHECK(record.outcome == Outcome::done);
    CHECK_FALSE(record.skipped_by);
  }
  auto const& written = listener.delivered.at(partial.test.index("write"));
  CHECK(written.contains("4-write-4"));
  CHECK(written.contains("5-write-nothing"));
  CHECK(listener.delivered.at(partial.test.index("both")).contains("4-both-8"));
  CHECK(listener.delivered.at(partial.test.index("both")).contains("5-both-nothing"));
}

TEST_CASE("a missing output is remembered, so that a resumed run does no work", "[engine]") {
  Partial first(20), second(20);
  RecordingListener before, after;
  run(first.test, before);
  std::map<std::string, std::vector<StageMemory>> memories;
  for (auto const& record : before.records) memories[record.id] = record.memories;
  SECTION("nothing is left to do") {}
  SECTION("a lost file is written again") {
    std::erase_if(memories["5"], [&](StageMemory const& memory) {
      return memory.part.stage == first.test.index("both");
    });
  }
  bool const complete = memories["5"].size() == memories["7"].size();
  after.on_recall = [&](Sample const& sample) { return memories.at(sample.id); };
  RunTotals const totals = run(second.test, after);
  CHECK(totals.done == 20);
  CHECK(totals.recalled == (complete ? 20 : 19));
  CHECK(second.produced == 0);
  CHECK(second.written == (complete ? 0 : 1));
  CHECK(second.scored == first.scored);
}

TEST_CASE("a remark about a sample is a warning, and is added to its errors", "[engine]") {
  LambdaPipeline test(2);
  test.source().on_next = [next = 0]() mutable -> std::optional<Sample> {
    if (next == 2) return std::nullopt;
    Sample sample;
    sample.id = std::to_string(next++);
    sample.remark = "its image is turned";
    return sample;
  };
  test.observer("score", {"source"}, [](Sample const& sample, Inputs const& in) {
    if (sample.id == "1") throw Error("the sizes differ");
    return std::optional(*in[0]);
  });
  test.pipeline.run.on_error = OnError::skip;
  test.variant("", {"score"});
  RecordingListener listener;
  std::vector<std::string> warnings;
  listener.on_retired = [&](Retired const& retired) {
    for (auto const& warning : retired.warnings) warnings.push_back(warning.warning.what);
  };
  run(test, listener);
  CHECK(warnings == std::vector<std::string>(2, "its image is turned"));
  REQUIRE(listener.records[1].failures.size() == 1);
  CHECK(listener.records[1].failures[0].second ==
        "the sizes differ; note: its image is turned");
}
