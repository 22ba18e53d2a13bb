// What stages count of samples is added up.
#include "engine/hash_set.hpp"
#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;
using Inputs = LambdaPipeline::Inputs;

namespace {

// source -> write, which counts the number of the sample, and fails for those above `fails_from`.
struct Counting {
  explicit Counting(int samples, LambdaPipeline::Number fails_from = 1000) : test(samples) {
    test.sink("write", {"source"}, [=](SampleContext const& context, Inputs const& in) {
      context.count("things", static_cast<std::uint64_t>(*in[0]));
      if (*in[0] >= fails_from) throw Error("too many");
      context.output().write(context.sample().id, {});
    });
    test.variant("", {"write"});
  }
  LambdaPipeline test;
};

Tally only_tally(RunTotals const& totals) {
  REQUIRE(totals.stages[1].tallies.size() == 1);
  return totals.stages[1].tallies[0];
}

}  // namespace

TEST_CASE("counts of all samples are added up, and samples of which they are 0", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  Counting counting(20);
  RecordingListener listener;
  Tally const tally = only_tally(run(counting.test, listener, jobs));
  CHECK(tally.what == "things");
  CHECK(tally.samples == 20);
  CHECK(tally.total == 190);
  CHECK(tally.samples_without == 1);
  CHECK(tally.per_sample() == 9.5);
}

TEST_CASE("failed samples count nothing", "[engine]") {
  Counting counting(20, 10);
  counting.test.pipeline.run.on_error = OnError::skip;  // "stop" may give up samples before the tenth
  RecordingListener listener;
  Tally const tally = only_tally(run(counting.test, listener));
  CHECK(tally.samples == 10);
  CHECK(tally.total == 45);
}

TEST_CASE("counts of samples that an earlier run knows are counted again", "[engine]") {
  Counting first(20), second(20);
  RecordingListener before, listener;
  run(first.test, before);
  std::size_t asked = 0;
  listener.on_recall = [&](Sample const& sample) {
    ++asked;
    for (auto const& record : before.records) {
      if (record.id == sample.id) return record.memories;
    }
    return std::vector<StageMemory>();
  };
  RunTotals const totals = run(second.test, listener);
  CHECK(totals.recalled == 20);
  CHECK(only_tally(totals).total == 190);
}

TEST_CASE("a set of hashes knows exactly those that were inserted", "[engine]") {
  HashSet set;
  std::size_t const far = std::size_t{1} << 40;  // many that share their lowest bits
  for (std::size_t i = 0; i < 3000; ++i) {
    REQUIRE(set.insert(i * far + 7));
    REQUIRE(set.insert(i * 3 + 8));
  }
  for (std::size_t i = 0; i < 3000; ++i) {
    REQUIRE_FALSE(set.insert(i * far + 7));
    REQUIRE_FALSE(set.insert(i * 3 + 8));
    REQUIRE(set.insert(i * 3 + 9));
  }
  CHECK(set.insert(0));
}
