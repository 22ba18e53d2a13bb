// What an earlier run knows is not computed again.
#include <atomic>
#include <charconv>
#include <map>

#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;
using Counter = std::atomic<int>;

namespace {

using Memories = std::map<std::string, std::vector<StageMemory>>;  // by sample

Memories memories_of(RecordingListener const& listener) {
  Memories memories;
  for (auto const& record : listener.records) memories[record.id] = record.memories;
  return memories;
}

std::function<std::vector<StageMemory>(Sample const&)> recalling(Memories memories) {
  return [memories = std::move(memories)](Sample const& sample) {
    auto const found = memories.find(sample.id);
    return found == memories.end() ? std::vector<StageMemory>() : found->second;
  };
}

Number number_of(std::string_view text) {
  Number number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw Error("no number");
  return number;
}

// source -> slow -> {score, sum, write}; all results are kept. "slow" declines samples that are
// divisible by `declines`.
struct Rerun {
  explicit Rerun(int samples, int declines = 1000) : test(samples) {
    test.source().on_produce = [this](Sample const& sample) {
      ++produced;
      return std::stoll(sample.id);
    };
    test.transform("slow", {"source"},
                   [this, declines](Sample const&, Inputs const& in) -> std::optional<Number> {
                     ++slow;
                     if ((*in[0] + 1) % declines == 0) return std::nullopt;
                     return *in[0] * 10;
                   });
    for (std::string const name : {"score", "sum"}) {
      auto& end = test.observer(
          name, {"slow"},
          [this](Sample const&, Inputs const& in) {
            ++scored;
            return std::optional(*in[0] + 1);
          },
          [this, name](Sample const&, Number n) { folded[name].push_back(n); });
      end.on_save = [](Number n) { return std::to_string(n); };
      end.on_load = number_of;
    }
    test.sink("write", {"slow"}, [this](SampleContext const& context, Inputs const&) {
      ++written;
      context.output().write(context.sample().id, {});
    });
    test.variant("", {"score", "sum", "write"});
  }

  LambdaPipeline test;
  Counter produced{0}, slow{0}, scored{0}, written{0};
  std::map<std::string, std::vector<Number>> folded;
};

void drop(Memories& memories, std::string const& sample, std::size_t stage) {
  std::erase_if(memories[sample],
                [&](StageMemory const& memory) { return memory.part.stage == stage; });
}

}  // namespace

TEST_CASE("known results are folded again, and no stage runs", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  Rerun first(50, 7);
  RecordingListener before;
  run(first.test, before, jobs);

  Rerun second(50, 7);
  RecordingListener listener;
  listener.on_recall = recalling(memories_of(before));
  Counter worked{0};
  listener.on_worked = [&](std::size_t, Sample const&) { ++worked; };
  RunTotals const totals = run(second.test, listener, jobs);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.recalled == 50);
  CHECK(totals.done == 43);
  CHECK(totals.skipped == 7);
  CHECK(worked == 0);
  CHECK(second.produced + second.slow + second.scored + second.written == 0);
  CHECK(second.folded == first.folded);
  CHECK(listener.rows == before.rows);
  CHECK(listener.delivered.empty());
  CHECK(totals.stages[0].in == 50);
  for (StageCounts const& stage : totals.stages) {
    CHECK((stage.in == 50 || stage.in == 43));  // the skipped samples reach no later stage
    CHECK(stage.recalled == stage.in);
    CHECK(stage.in == stage.out + stage.skipped);
  }
  // The next run knows it too.
  REQUIRE(listener.records.size() == before.records.size());
  for (std::size_t i = 0; i < before.records.size(); ++i) {
    auto const &now = listener.records[i], &then = before.records[i];
    CHECK(now.outcome == then.outcome);
    CHECK(now.skipped_by == then.skipped_by);
    REQUIRE(now.memories.size() == then.memories.size());
    for (std::size_t t = 0; t < then.memories.size(); ++t) {
      CHECK(now.memories[t].part == then.memories[t].part);
      CHECK(now.memories[t].outcome == then.memories[t].outcome);
      REQUIRE((now.memories[t].kept == nullptr) == (then.memories[t].kept == nullptr));
      if (then.memories[t].kept) CHECK(*now.memories[t].kept == *then.memories[t].kept);
    }
  }
}

TEST_CASE("of a sample with some known results only the stages of the others run", "[engine]") {
  Rerun first(20);
  RecordingListener before;
  run(first.test, before);
  Memories memories = memories_of(before);
  drop(memories, "3", first.test.index("sum"));
  drop(memories, "4", first.test.index("write"));
  memories.erase("5");

  Rerun second(20);
  RecordingListener listener;
  listener.on_recall = recalling(memories);
  RunTotals const totals = run(second.test, listener, 8);
  CHECK(totals.recalled == 17);
  CHECK(second.slow == 3);
  CHECK(second.produced == 3);
  CHECK(second.scored == 1 + 0 + 2);
  CHECK(second.written == 2);
  CHECK(second.folded == first.folded);
  CHECK(totals.stages[second.test.index("slow")].recalled == 17);
  CHECK(totals.stages[second.test.index("sum")].recalled == 18);
  CHECK(totals.stages[second.test.index("write")].recalled == 18);
  CHECK(totals.stages[0].recalled == 17);
}

TEST_CASE("damaged bytes of a result count as an unknown result", "[engine]") {
  Rerun first(10);
  RecordingListener before;
  run(first.test, before);
  Memories memories = memories_of(before);
  for (StageMemory& memory : memories["6"]) {
    if (memory.part.stage == first.test.index("score")) {
      memory.kept = std::make_shared<std::string const>("x");
    }
  }
  Rerun second(10);
  RecordingListener listener;
  listener.on_recall = recalling(memories);
  RunTotals const totals = run(second.test, listener);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.done == 10);
  CHECK(totals.recalled == 9);
  CHECK(second.scored == 1);
  CHECK(second.slow == 1);
  CHECK(second.folded == first.folded);
}

TEST_CASE("memories of unknown stages and outputs are ignored", "[engine]") {
  Rerun test(5);
  RecordingListener listener;
  listener.on_recall = [](Sample const&) {
    return std::vector<StageMemory>{
        {{0, 7}, 1, Outcome::done, nullptr},
        {{99, 0}, 1, Outcome::done, std::make_shared<std::string const>("1")},
        {{1, 0}, 1, Outcome::done, std::make_shared<std::string const>("1")}};
  };
  RunTotals const totals = run(test.test, listener);
  CHECK(totals.done == 5);
  CHECK(totals.recalled == 0);
  CHECK(test.slow == 5);
}

TEST_CASE("a recall that throws stops the run", "[engine]") {
  Rerun test(30);
  RecordingListener listener;
  listener.on_recall = [](Sample const& sample) -> std::vector<StageMemory> {
    if (sample.id == "4") throw Error("the records are gone");
    return {};
  };
  RunTotals const totals = run(test.test, listener);
  CHECK(totals.end == RunEnd::stopped);
  CHECK(totals.error == "the records are gone");
  CHECK(totals.emitted == totals.retired());
}

TEST_CASE("a known result is dropped when the stages before it fail now", "[engine]") {
  // "score" is known, "sum" is not, and the stage that both need fails now.
  Rerun first(3);
  RecordingListener before;
  run(first.test, before);
  Memories memories = memories_of(before);
  drop(memories, "1", first.test.index("sum"));
  Rerun second(3);
  second.test.pipeline.run.on_error = OnError::skip;
  second.test.source().on_produce = [](Sample const&) -> Number { throw Error("gone"); };
  RecordingListener listener;
  listener.on_recall = recalling(memories);
  RunTotals const totals = run(second.test, listener);
  CHECK(totals.failed == 1);
  CHECK(second.folded["score"].size() == 2);
  CHECK(listener.records[1].failures == decltype(RecordingListener::Record::failures){{0, "gone"}});
}

TEST_CASE("a stage that is known to decline does not fail with a stage before it", "[engine]") {
  LambdaPipeline test(1);
  test.pipeline.run.on_error = OnError::skip;
  test.transform("fails", {"source"}, [](Sample const&, Inputs const&) -> std::optional<Number> {
    throw Error("gone");
  });
  test.transform("declines", {"fails"},
                 [](Sample const&, Inputs const&) { return std::optional<Number>(); });
  auto const pass = [](Sample const&, Inputs const& in) { return std::optional(*in[0]); };
  test.observer("one", {"declines"}, pass);
  test.observer("other", {"fails"}, pass);
  RecordingListener listener;
  listener.on_recall = [&](Sample const&) {
    return std::vector<StageMemory>{{{test.index("declines"), 0}, 0, Outcome::skipped, nullptr}};
  };
  RunTotals const totals = run(test, listener);
  CHECK(totals.failed == 1);
  CHECK(listener.records[0].failures ==
        decltype(RecordingListener::Record::failures){{test.index("fails"), "gone"}});
}

TEST_CASE("a stage that declined a sample is run again when the sample failed elsewhere",
          "[engine]") {
  // Otherwise a later run would not reach the failing stage, and count the sample as skipped.
  auto const fails_and_declines = [] {
    auto test = std::make_unique<LambdaPipeline>(1);
    test->pipeline.run.on_error = OnError::skip;
    test->transform("declines", {"source"},
                    [](Sample const&, Inputs const&) { return std::optional<Number>(); });
    test->transform("fails", {"source"}, [](Sample const&, Inputs const&) -> std::optional<Number> {
      throw Error("no");
    });
    test->observer("end", {"declines", "fails"},
                   [](Sample const&, Inputs const& in) { return std::optional(*in[0]); });
    return test;
  };
  RecordingListener before, listener;
  CHECK(run(*fails_and_declines(), before).failed == 1);
  listener.on_recall = recalling(memories_of(before));
  CHECK(run(*fails_and_declines(), listener).failed == 1);
}

TEST_CASE("a stage that reads files leaves a stamp", "[engine]") {
  LambdaPipeline test(3);
  test.source().on_files = [](std::size_t output, Sample const& sample) {
    return std::vector<std::filesystem::path>{sample.id + "/" + std::to_string(output)};
  };
  Counter read{0};
  for (int v = 0; v < 2; ++v) {
    auto& loader = test.transform("load@" + std::to_string(v), {"source"},
                                  [&](Sample const&, Inputs const& in) {
                                    ++read;
                                    return std::optional(*in[0]);
                                  });
    loader.on_files = [](std::size_t, Sample const&) {
      return std::vector<std::filesystem::path>{"a", "b"};
    };
    test.observer("end@" + std::to_string(v), {"load@" + std::to_string(v)},
                  [](Sample const&, Inputs const& in) { return std::optional(*in[0]); });
    test.variant(std::to_string(v), {"end@" + std::to_string(v)});
  }
  RecordingListener listener;
  run(test, listener);
  CHECK(read == 3);
  std::vector<Part> parts;
  for (StageMemory const& memory : listener.records[2].memories) {
    parts.push_back(memory.part);
    CHECK(memory.stamp == 1);  // as the listener said
    CHECK(memory.outcome == Outcome::done);
  }
  // Stages that share a result leave the same memories.
  CHECK(parts == std::vector<Part>{{0, 1}, {test.index("load@0"), 0}, {test.index("load@1"), 0}});
}

TEST_CASE("each variant is recalled by itself, and equal results share their bytes", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  constexpr int kSamples = 40;
  struct Sweep {
    Sweep() : test(kSamples) {
      for (int v = 0; v < 3; ++v) {
        std::string const at = "@" + std::to_string(v);
        auto& select = test.transform("select" + at, {"source"}, nullptr);
        select.setting = v;
        select.on_decide = [v](Sample const&, Inputs const& in) { return *in[0] % 2 * v; };
        select.on_carry_out = [this](Number decision, Sample const&, Inputs const& in) {
          ++selected;
          return std::optional(*in[0] * 10 + decision);
        };
        auto& score = test.observer(
            "score" + at, {"select" + at},
            [this](Sample const&, Inputs const& in) {
              ++scored;
              return std::optional(*in[0]);
            },
            [this, v](Sample const&, Number n) { folded[v].push_back(n); });
        score.on_save = [](Number n) { return std::to_string(n); };
        score.on_load = [this](std::string_view bytes) {
          ++loaded;
          return number_of(bytes);
        };
        test.variant(std::to_string(v), {"score" + at});
      }
    }
    LambdaPipeline test;
    Counter selected{0}, scored{0}, loaded{0};
    std::map<int, std::vector<Number>> folded;
  };
  Sweep first;
  RecordingListener before;
  run(first.test, before, jobs);
  CHECK(first.scored == kSamples / 2 * (1 + 3));

  Sweep second;
  Memories memories = memories_of(before);
  std::size_t const third = second.test.index("score@2");
  for (auto& [id, each] : memories) drop(memories, id, third);
  RecordingListener listener;
  listener.on_recall = recalling(memories);
  RunTotals const totals = run(second.test, listener, jobs);
  CHECK(totals.recalled == 0);
  CHECK(totals.stages[second.test.index("score@0")].recalled == kSamples);
  CHECK(totals.stages[third].recalled == 0);
  CHECK(second.scored == kSamples);
  CHECK(second.selected == kSamples);
  CHECK(second.loaded == kSamples / 2 * (1 + 2));
  CHECK(second.folded == first.folded);
}
