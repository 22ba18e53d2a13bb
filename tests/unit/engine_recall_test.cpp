// What an earlier run knows is not done again.
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

using Trails = std::map<std::string, std::vector<Trail>>;  // by sample

Trails trails_of(RecordingListener const& listener) {
  Trails trails;
  for (auto const& record : listener.records) trails[record.id] = record.trails;
  return trails;
}

std::function<std::vector<Trail>(Sample const&)> recalling(Trails trails) {
  return [trails = std::move(trails)](Sample const& sample) {
    auto const found = trails.find(sample.id);
    return found == trails.end() ? std::vector<Trail>() : found->second;
  };
}

Number number_of(std::string_view text) {
  Number number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw Error("no number");
  return number;
}

// source -> slow -> {score, sum, write}, of which all results are kept. Samples that are divisible
// by `declines` are declined by "slow".
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

void drop(Trails& trails, std::string const& sample, std::size_t stage) {
  std::erase_if(trails[sample], [&](Trail const& trail) { return trail.part.stage == stage; });
}

}  // namespace

TEST_CASE("what is settled is folded again, and nothing is worked on", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  Rerun first(50, 7);
  RecordingListener before;
  run(first.test, before, jobs);

  Rerun second(50, 7);
  RecordingListener listener;
  listener.on_recall = recalling(trails_of(before));
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
  for (StageCounts const& stage : totals.stages) {
    CHECK(stage.in == 50);
    CHECK(stage.recalled == 50);
    CHECK(stage.in == stage.out + stage.skipped);
  }
  // What was known is still known to the next.
  REQUIRE(listener.records.size() == before.records.size());
  for (std::size_t i = 0; i < before.records.size(); ++i) {
    auto const &now = listener.records[i], &then = before.records[i];
    CHECK(now.outcome == then.outcome);
    CHECK(now.skipped_by == then.skipped_by);
    REQUIRE(now.trails.size() == then.trails.size());
    for (std::size_t t = 0; t < then.trails.size(); ++t) {
      CHECK(now.trails[t].part == then.trails[t].part);
      CHECK(now.trails[t].outcome == then.trails[t].outcome);
      REQUIRE((now.trails[t].kept == nullptr) == (then.trails[t].kept == nullptr));
      if (then.trails[t].kept) CHECK(*now.trails[t].kept == *then.trails[t].kept);
    }
  }
}

TEST_CASE("of a sample that is settled in part, what its other ends need is done", "[engine]") {
  Rerun first(20);
  RecordingListener before;
  run(first.test, before);
  Trails trails = trails_of(before);
  drop(trails, "3", first.test.index("sum"));
  drop(trails, "4", first.test.index("write"));
  trails.erase("5");

  Rerun second(20);
  RecordingListener listener;
  listener.on_recall = recalling(trails);
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

TEST_CASE("bytes that are no record are as good as none", "[engine]") {
  Rerun first(10);
  RecordingListener before;
  run(first.test, before);
  Trails trails = trails_of(before);
  for (Trail& trail : trails["6"]) {
    if (trail.part.stage == first.test.index("score")) {
      trail.kept = std::make_shared<std::string const>("x");
    }
  }
  Rerun second(10);
  RecordingListener listener;
  listener.on_recall = recalling(trails);
  RunTotals const totals = run(second.test, listener);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.done == 10);
  CHECK(totals.recalled == 9);
  CHECK(second.scored == 1);
  CHECK(second.slow == 1);
  CHECK(second.folded == first.folded);
}

TEST_CASE("trails of what the pipeline has not are passed over", "[engine]") {
  Rerun test(5);
  RecordingListener listener;
  listener.on_recall = [](Sample const&) {
    return std::vector<Trail>{{{0, 7}, 1, Outcome::done, nullptr},
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
  listener.on_recall = [](Sample const& sample) -> std::vector<Trail> {
    if (sample.id == "4") throw Error("the records are gone");
    return {};
  };
  RunTotals const totals = run(test.test, listener);
  CHECK(totals.end == RunEnd::stopped);
  CHECK(totals.error == "the records are gone");
  CHECK(totals.emitted == totals.retired());
}

TEST_CASE("a result that is known falls with what it was made of", "[engine]") {
  // "score" is known, but "sum" is not, and what both need fails now.
  Rerun first(3);
  RecordingListener before;
  run(first.test, before);
  Trails trails = trails_of(before);
  drop(trails, "1", first.test.index("sum"));
  Rerun second(3);
  second.test.pipeline.run.on_error = OnError::skip;
  second.test.source().on_produce = [](Sample const&) -> Number { throw Error("gone"); };
  RecordingListener listener;
  listener.on_recall = recalling(trails);
  RunTotals const totals = run(second.test, listener);
  CHECK(totals.failed == 1);
  CHECK(second.folded["score"].size() == 2);
  CHECK(listener.records[1].failures == decltype(RecordingListener::Record::failures){{0, "gone"}});
}

TEST_CASE("a stage that is known to decline does not fail with what is before it", "[engine]") {
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
    return std::vector<Trail>{{{test.index("declines"), 0}, 0, Outcome::skipped, nullptr}};
  };
  RunTotals const totals = run(test, listener);
  CHECK(totals.failed == 1);
  CHECK(listener.records[0].failures ==
        decltype(RecordingListener::Record::failures){{test.index("fails"), "gone"}});
}

TEST_CASE("that a stage declined a sample which failed elsewhere is not remembered", "[engine]") {
  // A later run that knew it would not come to the stage that fails, and call the sample skipped.
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
  listener.on_recall = recalling(trails_of(before));
  CHECK(run(*fails_and_declines(), listener).failed == 1);
}

TEST_CASE("files that were read leave a stamp", "[engine]") {
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
  for (Trail const& trail : listener.records[2].trails) {
    parts.push_back(trail.part);
    CHECK(trail.stamp == 1);  // as the listener said
    CHECK(trail.outcome == Outcome::done);
  }
  // Who shares leaves what the other leaves.
  CHECK(parts == std::vector<Part>{{0, 1}, {test.index("load@0"), 0}, {test.index("load@1"), 0}});
}

TEST_CASE("variants are recalled by themselves, and equal results share their bytes", "[engine]") {
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
  Trails trails = trails_of(before);
  std::size_t const third = second.test.index("score@2");
  for (auto& [id, each] : trails) drop(trails, id, third);
  RecordingListener listener;
  listener.on_recall = recalling(trails);
  RunTotals const totals = run(second.test, listener, jobs);
  CHECK(totals.recalled == 0);
  CHECK(totals.stages[second.test.index("score@0")].recalled == kSamples);
  CHECK(totals.stages[third].recalled == 0);
  CHECK(second.scored == kSamples);
  CHECK(second.selected == kSamples);
  CHECK(second.loaded == kSamples / 2 * (1 + 2));
  CHECK(second.folded == first.folded);
}
