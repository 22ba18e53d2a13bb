#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "engine/engine.hpp"
#include "support/catch.hpp"
#include "support/shared_stages.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;

namespace {

auto const kFailEveryTenth = [](Sample const& sample, Inputs const& in) -> std::optional<Number> {
  if (std::stoll(sample.id) % 10 == 3) throw Error("three");
  return *in[0];
};

// Lets threads wait for each other; gives up after a while, so that a test fails instead of
// hanging.
class Meeting {
 public:
  // Whether `wanted` came together.
  bool wait_for(int wanted) {
    std::unique_lock lock(mutex_);
    ++here_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return here_ >= wanted; });
  }
  void open() {
    std::scoped_lock const lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait_until_open() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int here_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("with on_error = skip a failed sample does not affect the others", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  LambdaPipeline test(200);
  test.pipeline.run.on_error = OnError::skip;
  std::atomic<int> after{0};
  Number sum = 0;
  test.transform("fails", {"source"}, kFailEveryTenth);
  test.transform("after", {"fails", "source"}, [&](Sample const&, Inputs const& in) {
    ++after;
    return std::optional(*in[0]);
  });
  test.observer("end", {"after"}, kPass, [&](Sample const&, Number n) { sum += n; });
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);

  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.done == 180);
  CHECK(totals.failed == 20);
  CHECK(after == 180);
  Number expected = 0;
  for (Number i = 0; i < 200; ++i) expected += i % 10 == 3 ? 0 : i;
  CHECK(sum == expected);
  REQUIRE(listener.records.size() == 200);
  for (std::size_t i = 0; i < 200; ++i) {
    auto const& record = listener.records[i];
    CHECK(record.id == std::to_string(i));
    if (i % 10 == 3) {
      CHECK(record.outcome == Outcome::failed);
      CHECK(record.failures == decltype(record.failures){{1, "three"}});
    } else {
      CHECK(record.outcome == Outcome::done);
    }
  }
  // The tombstones pass through every stage after it, but count only where the samples failed.
  CHECK(totals.stages[1].in == 200);
  CHECK(totals.stages[1].failed == 20);
  for (std::size_t const later : {2, 3}) {
    CHECK(totals.stages[later].in == 180);
    CHECK(totals.stages[later].out == 180);
    CHECK(totals.stages[later].failed == 0);
  }
}

TEST_CASE("a sample that fails in two stages lists both, in the order of stages", "[engine]") {
  LambdaPipeline test(50);
  test.pipeline.run.on_error = OnError::skip;
  test.transform("b", {"source"}, kFailEveryTenth);
  test.transform("a", {"source"}, kFailEveryTenth);
  test.observer("end", {"a", "b"}, kPass);
  RecordingListener listener;
  run(test, listener, 8);
  CHECK(listener.records[13].failures ==
        std::vector<std::pair<std::size_t, std::string>>{{1, "three"}, {2, "three"}});
}

TEST_CASE("a source output that throws fails the sample, which counts once", "[engine]") {
  LambdaPipeline test(30);
  test.pipeline.run.on_error = OnError::skip;
  test.source().on_produce = [](Sample const& sample) -> Number {
    if (sample.id == "5") throw Error("no picture");
    return 1;
  };
  test.observer("end", {"source"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.failed == 1);
  CHECK(totals.stages[0].in == 30);
  CHECK(totals.stages[0].out == 29);
  CHECK(totals.stages[0].failed == 1);
  CHECK(listener.records[5].failures[0].second == "no picture");
}

TEST_CASE("a stage may skip a sample, which is not a failure", "[engine]") {
  LambdaPipeline test(20);
  std::atomic<int> after{0};
  test.transform("filter", {"source"}, [](Sample const&, Inputs const& in) {
    return *in[0] % 2 == 0 ? std::optional(*in[0]) : std::nullopt;
  });
  test.observer("end", {"filter"}, [&](Sample const&, Inputs const& in) {
    ++after;
    return std::optional(*in[0]);
  });
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.skipped == 10);
  CHECK(after == 10);
  CHECK(listener.records[1].outcome == Outcome::skipped);
  CHECK(listener.records[1].skipped_by == 1u);
  CHECK(totals.stages[1].skipped == 10);
  CHECK(totals.stages[1].failed == 0);
}

TEST_CASE("a stage may throw something that is not an exception", "[engine]") {
  LambdaPipeline test(3);
  test.pipeline.run.on_error = OnError::skip;
  test.transform("odd", {"source"},
                 [](Sample const&, Inputs const&) -> std::optional<Number> { throw 42; });
  test.observer("end", {"odd"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.failed == 3);
  CHECK_THAT(listener.records[0].failures[0].second, Contains("not a std::exception"));
}

TEST_CASE(
    "with on_error = stop and one thread no sample is read and no stage begins after a failure",
    "[engine]") {
  LambdaPipeline test(1000);
  bool failed = false;
  int read_after = 0, begun_after = 0;
  auto const source = test.source().on_next;
  test.source().on_next = [&, source] {
    read_after += failed ? 1 : 0;
    return source();
  };
  auto const note = [&](Sample const&, Inputs const& in) {
    begun_after += failed ? 1 : 0;
    return std::optional(*in[0]);
  };
  test.transform("before", {"source"}, note);
  test.transform("fails", {"before"}, [&](Sample const& sample, Inputs const& in) {
    begun_after += failed ? 1 : 0;
    if (sample.id == "37") {
      failed = true;
      throw Error("broken");
    }
    return std::optional(*in[0]);
  });
  test.observer("end", {"fails"}, note);
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 1);

  CHECK(failed);
  CHECK(read_after == 0);
  CHECK(begun_after == 0);
  CHECK(totals.end == RunEnd::stopped);
  CHECK(totals.error == "stage \"fails\" failed on sample \"37\": broken");
  CHECK(totals.failed == 1);
  CHECK(totals.emitted == totals.retired());
  CHECK(totals.emitted < 1000);
}

TEST_CASE("eight threads run eight stages at once, and none begins after a failure", "[engine]") {
  constexpr int kThreads = 8;
  LambdaPipeline test(1000);
  Meeting together, stopped;
  std::atomic<int> met{0}, begun_after{0}, released{0};
  test.transform("meets", {"source"}, [&](Sample const& sample, Inputs const& in) {
    if (together.wait_for(kThreads)) ++met;
    if (sample.id == "3") throw Error("broken");
    // The others stay inside until the engine has taken note of the failure.
    if (stopped.wait_until_open()) ++released;
    return std::optional(*in[0]);
  });
  test.observer("end", {"meets"}, [&](Sample const&, Inputs const& in) {
    ++begun_after;
    return std::optional(*in[0]);
  });
  RecordingListener listener;
  listener.on_worked = [&](std::size_t stage, Sample const& sample) {
    if (stage == 1 && sample.id == "3") stopped.open();
  };
  RunTotals const totals = run(test, listener, kThreads, kThreads);
  CHECK(met == kThreads);
  CHECK(released == kThreads - 1);
  CHECK(begun_after == 0);
  CHECK(totals.emitted == kThreads);
  CHECK(totals.failed == 1);
  CHECK(totals.cancelled == kThreads - 1);
}

TEST_CASE("a stage's own on_error overrides the run's", "[engine]") {
  LambdaPipeline test(100);
  test.transform("fails", {"source"}, kFailEveryTenth);
  test.stage("fails").on_error = OnError::skip;
  test.observer("end", {"fails"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.failed == 10);
}

TEST_CASE("more failures than max_failures stop the run", "[engine]") {
  LambdaPipeline test(1000);
  test.pipeline.run.on_error = OnError::skip;
  test.pipeline.run.max_failures = 4;
  test.transform("fails", {"source"}, kFailEveryTenth);
  test.observer("end", {"fails"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 2, 4);
  CHECK(totals.end == RunEnd::stopped);
  CHECK_THAT(totals.error, Contains("more than max_failures = 4"));
  CHECK(totals.failed == 5);
  CHECK(totals.emitted < 100);
}

TEST_CASE("a source that throws ends the run with its error", "[engine]") {
  LambdaPipeline test(10);
  test.source().on_next = [next = 0]() mutable -> std::optional<Sample> {
    if (next == 4) throw Error("the list is gone");
    Sample sample;
    sample.id = std::to_string(next++);
    return sample;
  };
  test.observer("end", {"source"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.end == RunEnd::stopped);
  CHECK(totals.error == "the source \"source\" cannot continue: the list is gone");
  CHECK(totals.emitted == totals.retired());
}

TEST_CASE("two samples with one id end the run", "[engine]") {
  LambdaPipeline test(0);
  test.source().on_next = [next = 0]() mutable -> std::optional<Sample> {
    Sample sample;
    sample.id = next++ == 3 ? "1" : std::to_string(next);
    return sample;
  };
  test.observer("end", {"source"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.end == RunEnd::stopped);
  CHECK_THAT(totals.error, Contains("it emitted the sample \"1\" twice"));
  CHECK(totals.emitted == totals.retired());
}

TEST_CASE("a sample whose name would leave the run folder ends the run", "[engine]") {
  LambdaPipeline test(10);
  test.source().on_next = []() -> std::optional<Sample> {
    Sample sample;
    sample.id = "../outside";
    return sample;
  };
  test.observer("end", {"source"}, kPass);
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(totals.end == RunEnd::stopped);
  CHECK_THAT(totals.error, Contains("\"../outside\""));
  CHECK(totals.emitted == 0);
}

TEST_CASE("an observer that cannot fold, or a listener that cannot store a record, ends the run",
          "[engine]") {
  LambdaPipeline test(200);
  bool const in_fold = GENERATE(true, false);
  test.observer("end", {"source"}, kPass, [&](Sample const& sample, Number) {
    if (in_fold && sample.id == "50") throw Error("cannot fold");
  });
  RecordingListener listener;
  listener.on_retired = [&](Retired const& retired) {
    if (!in_fold && retired.sample.id == "50") throw Error("no space left");
  };
  RunTotals const totals = run(test, listener, 8);
  CHECK(totals.end == RunEnd::stopped);
  CHECK_THAT(totals.error, Contains(in_fold ? "cannot fold" : "no space left"));
  // No record stands after the gap.
  CHECK(listener.records.size() == 50);
  CHECK(totals.emitted == totals.retired());
}
