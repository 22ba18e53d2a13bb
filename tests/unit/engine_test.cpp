#include "engine/engine.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "engine/parallel.hpp"
#include "support/catch.hpp"
#include "support/shared_stages.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;

namespace {

std::vector<std::string> ids(RecordingListener const& listener) {
  std::vector<std::string> ids;
  for (auto const& record : listener.records) ids.push_back(record.id);
  return ids;
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

// How many are inside at once, and the most there ever were.
class Occupancy {
 public:
  void enter() {
    int const now = ++inside_;
    int most = most_;
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
  }
  void leave() { --inside_; }
  int most() const { return most_; }

 private:
  std::atomic<int> inside_{0}, most_{0};
};

}  // namespace

TEST_CASE("every sample leaves every stage exactly once, in data set order", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  LambdaPipeline test(500);
  std::mutex mutex;
  std::map<std::string, int> visits;
  auto const visit = [&](Sample const& sample, Inputs const& in) {
    std::scoped_lock const lock(mutex);
    ++visits[sample.id];
    return std::optional(*in[0]);
  };
  test.transform("a", {"source"}, visit);
  test.transform("b", {"a"}, visit);
  test.observer("end", {"b"}, visit);
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);

  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.emitted == 500);
  CHECK(totals.retired() == 500);
  CHECK(totals.done == 500);
  CHECK(ids(listener) == numbers(500));
  CHECK(listener.rows == numbers(500));
  CHECK(visits.size() == 500);
  for (auto const& [id, count] : visits) CHECK(count == 3);
  for (StageCounts const& stage : totals.stages) {
    CHECK(stage.in == 500);
    CHECK(stage.out == 500);
    CHECK(stage.held == 0);
  }
}

TEST_CASE("a stage with several inputs joins them by sample", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  LambdaPipeline test(300);
  // Branches of very different length, so that their results come in any order.
  auto const slow = [](Sample const& sample, Inputs const& in) {
    volatile Number sink = 0;
    for (Number i = 0; i < (std::stoll(sample.id) * 7919) % 20000; ++i) sink = sink + 1;
    return std::optional(*in[0]);
  };
  test.transform("slow", {"source"}, slow);
  test.transform("slower", {"slow"}, slow);
  test.transform("negative", {"source"},
                 [](Sample const&, Inputs const& in) { return std::optional(-*in[0]); });
  std::atomic<int> wrong{0}, joined{0};
  test.observer("join", {"slower", "negative", "slow", "source", "negative"},
                [&](Sample const& sample, Inputs const& in) {
                  Number const n = std::stoll(sample.id);
                  bool const right =
                      *in[0] == n && *in[1] == -n && *in[2] == n && *in[3] == n && *in[4] == -n;
                  if (!right) ++wrong;
                  ++joined;
                  return std::optional<Number>(n);
                });
  RecordingListener listener;
  run(test, listener, jobs);
  CHECK(joined == 300);
  CHECK(wrong == 0);
}

TEST_CASE("records are folded in data set order, whatever the number of threads", "[engine]") {
  auto const folded = [](int jobs) {
    LambdaPipeline test(400);
    std::uint64_t hash = 14695981039346656037u;
    test.observer("end", {"source"}, kPass, [&](Sample const&, Number n) {
      hash = (hash ^ static_cast<std::uint64_t>(n)) * 1099511628211u;  // depends on the order
    });
    RecordingListener listener;
    run(test, listener, jobs);
    return hash;
  };
  std::uint64_t const once = folded(1);
  CHECK(folded(2) == once);
  CHECK(folded(8) == once);
}

TEST_CASE("at most as many samples are in flight as there are credits", "[engine]") {
  auto const credits = GENERATE(1, 3, 16);
  LambdaPipeline test(300);
  Occupancy flying;
  test.source().on_next = [&flying, next = 0]() mutable -> std::optional<Sample> {
    if (next == 300) return std::nullopt;
    flying.enter();
    Sample sample;
    sample.id = std::to_string(next++);
    return sample;
  };
  test.transform("a", {"source"}, kPass);
  test.observer("end", {"a"}, kPass);
  RecordingListener listener;
  listener.on_retired = [&](Retired const&) { flying.leave(); };
  run(test, listener, 8, credits);
  CHECK(flying.most() <= credits);
  CHECK(listener.records.size() == 300);
}

TEST_CASE("a serial stage sees one sample at a time", "[engine]") {
  LambdaPipeline test(300);
  Occupancy serial;
  int unguarded = 0;  // a race unless the stage is serial
  test.transform("serial", {"source"}, [&](Sample const&, Inputs const& in) {
    serial.enter();
    ++unguarded;
    serial.leave();
    return std::optional(*in[0]);
  });
  test.declaration("serial").serial = true;
  test.observer("end", {"serial"}, kPass);
  RecordingListener listener;
  run(test, listener, 8);
  CHECK(serial.most() == 1);
  CHECK(unguarded == 300);
}

TEST_CASE("an output of the source that no stage reads is never produced", "[engine]") {
  LambdaPipeline test(20);
  std::atomic<int> produced{0};
  test.source().on_produce = [&](Sample const&) -> Number { return ++produced; };
  test.observer("end", {"source"}, [](Sample const&, Inputs const&) { return std::optional(1); });
  // Reads the sample itself instead.
  test.stage("end").inputs[0] = PipelineStage::Input{0, 0};
  test.pipeline.stages[0].wanted = {true, false};
  RecordingListener listener;
  run(test, listener);
  CHECK(produced == 0);
  CHECK(listener.records.size() == 20);
}

TEST_CASE("a value is released when its last reader is done", "[engine]") {
  LambdaPipeline test(10);
  static std::atomic<int> alive;
  alive = 0;
  struct Counted {
    Number number = 1;
    Counted() { ++alive; }
    ~Counted() { --alive; }
  };
  struct Heavy final : StageInstance {
    void set_option(std::size_t, OptionValue const&) override {}
    std::optional<OptionValue> option(std::size_t) const override { return {}; }
    void check(OptionCheck&) override {}
    std::optional<std::vector<Value>> run(SampleContext const&,
                                          std::span<void const* const>) override {
      auto counted = std::make_shared<Counted const>();
      return std::vector<Value>{std::shared_ptr<Number const>(counted, &counted->number)};
    }
  };
  test.transform("heavy", {"source"}, kPass);
  test.stage("heavy").instance = std::make_shared<Heavy>();
  test.transform("light", {"heavy"}, kPass);
  std::atomic<int> still_alive{0};
  test.observer("end", {"light"}, [&](Sample const&, Inputs const& in) {
    still_alive += alive;
    return std::optional(*in[0]);
  });
  RecordingListener listener;
  run(test, listener, 2, 1);
  CHECK(still_alive == 0);
}

TEST_CASE("a limit takes only the first samples", "[engine]") {
  LambdaPipeline test(100);
  test.observer("end", {"source"}, kPass);
  test.pipeline.run.limit = 7;
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 8);
  CHECK(totals.end == RunEnd::complete);
  CHECK(ids(listener) == numbers(7));
}

TEST_CASE("one thread takes samples in their order and finishes each before the next", "[engine]") {
  LambdaPipeline test(100);
  std::vector<std::string> visits, expected;
  auto const visit = [&](std::string const& stage) {
    return [&visits, stage](Sample const& sample, Inputs const& in) {
      visits.push_back(stage + sample.id);
      return std::optional(*in[0]);
    };
  };
  test.transform("a", {"source"}, visit("a"));
  test.transform("b", {"a"}, visit("b"));
  test.observer("end", {"b"}, visit("end"));
  RecordingListener listener;
  listener.on_retired = [&](Retired const& sample) {
    visits.push_back("retired" + sample.sample.id);
  };
  run(test, listener, 1);
  for (std::string const& id : numbers(100)) {
    for (char const* const part : {"a", "b", "end", "retired"}) expected.push_back(part + id);
  }
  CHECK(visits == expected);
}

TEST_CASE("draining finishes the samples that have begun and takes no more", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  LambdaPipeline test(1000);
  Engine* engine = nullptr;
  std::atomic<std::uint64_t> begun{0};
  test.transform("a", {"source"}, [&](Sample const& sample, Inputs const& in) {
    ++begun;
    if (sample.id == "20") engine->drain();
    return std::optional(*in[0]);
  });
  test.transform("b", {"a"}, kPass);
  test.observer("end", {"b"}, kPass);
  RecordingListener listener;
  Engine drained(test.pipeline, {jobs, 40, {}}, listener);
  engine = &drained;
  RunTotals const totals = drained.run();
  CHECK(totals.end == RunEnd::interrupted);
  CHECK(totals.done == begun);
  CHECK(totals.emitted <= 21 + 40);
  CHECK(totals.cancelled == totals.emitted - totals.done);
  if (jobs == 1) CHECK(totals.done == 21);
}

TEST_CASE("a sample that failed and was cancelled leaves the run interrupted", "[engine]") {
  LambdaPipeline test(1);
  test.pipeline.run.on_error = OnError::skip;
  Engine* engine = nullptr;
  std::atomic<bool> ended = false, drained = false;
  test.source().on_next = [&ended, one = true]() mutable -> std::optional<Sample> {
    if (!std::exchange(one, false)) {
      ended = true;
      ended.notify_all();
      return std::nullopt;
    }
    Sample sample;
    sample.id = "0";
    return sample;
  };
  test.transform("fails", {"source"}, [&](Sample const&, Inputs const&) -> std::optional<Number> {
    ended.wait(false);
    engine->drain();
    drained = true;
    drained.notify_all();
    throw Error("no file");
  });
  test.transform("slow", {"source"}, [&](Sample const&, Inputs const& in) {
    drained.wait(false);
    return std::optional(*in[0]);
  });
  test.transform("late", {"slow"}, kPass);
  for (char const* const loader : {"fails", "slow", "late"}) {
    test.declaration(loader).loads = true;
  }
  test.observer("first", {"fails"}, kPass);
  test.observer("second", {"late"}, kPass);
  RecordingListener listener;
  Engine drains(test.pipeline, {3, 8, {}}, listener);
  engine = &drains;
  RunTotals const totals = drains.run();
  CHECK(totals.emitted == 1);
  CHECK(totals.failed == 1);
  CHECK(totals.cut_short);
  CHECK(totals.end == RunEnd::interrupted);
}

TEST_CASE("a stall names the stages that hold samples", "[engine]") {
  LambdaPipeline test(1);
  test.transform("a", {"source"}, kPass);
  test.observer("end", {"a"}, kPass);
  RunTotals totals;
  totals.emitted = 500;
  totals.done = 71;
  totals.stages.resize(3);
  totals.stages[1].held = 12;
  totals.stages[2].held = 417;
  std::string const report = stall_report(test.pipeline, totals);
  CHECK_THAT(report, Contains("500 samples were emitted but 71 retired"));
  CHECK_THAT(report, Contains("\"a\": 12"));
  CHECK_THAT(report, Contains("\"end\": 417"));
}

TEST_CASE("more threads than the cores can use are not started") {
  LambdaPipeline test(5);
  RecordingListener listener;
  test.observer("end", {"source"}, kPass);
  Engine engine(test.pipeline, {4096, 0, {}}, listener);
  CHECK(engine.jobs() == most_useful_threads());
  CHECK(engine.jobs() >= 16);
  CHECK(engine.run().done == 5);
}
