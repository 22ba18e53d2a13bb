// Stages of several variants, one of which fails or declines.
#include "support/shared_stages.hpp"

TEST_CASE("a failure in one variant does not affect the others", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  LambdaPipeline test(60);
  test.pipeline.run.on_error = OnError::skip;
  std::vector<std::vector<Number>> folded(3);
  for (int v = 0; v < 3; ++v) {
    test.transform(at("part", v), {"source"},
                   [v](Sample const&, Inputs const& in) -> std::optional<Number> {
                     if (v == 1 && *in[0] % 10 == 3) throw Error("three");
                     if (v == 2 && *in[0] % 10 >= 8) return std::nullopt;
                     return *in[0];
                   })
        .setting = v;
    test.observer(at("end", v), {at("part", v)}, kPass,
                  [&folded, v](Sample const&, Number n) { folded[v].push_back(n); });
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.end == RunEnd::complete);
  CHECK(folded[0].size() == 60);
  CHECK(folded[1].size() == 54);
  CHECK(folded[2].size() == 48);
  CHECK(std::ranges::none_of(folded[1], [](Number n) { return n % 10 == 3; }));
  CHECK(counts_of(totals.variants[0]) == Counts{0, 0, 0});
  CHECK(counts_of(totals.variants[1]) == Counts{0, 6, 0});
  CHECK(counts_of(totals.variants[2]) == Counts{12, 0, 0});
  // A sample is as its worst variant.
  CHECK(totals.failed == 6);
  CHECK(totals.skipped == 12);
  CHECK(totals.done == 42);
  using Failures = decltype(RecordingListener::Record::failures);
  CHECK(listener.records[13].outcome == Outcome::failed);
  CHECK(listener.records[13].failures == Failures{{test.index("part@1"), "three"}});
  CHECK(listener.records[18].outcome == Outcome::skipped);
  CHECK(listener.records[18].skipped_by == test.index("part@2"));
}

TEST_CASE(
    "a shared stage that skips a sample is called once, and skips it for all variants that share "
    "it",
    "[engine]") {
  LambdaPipeline test(40);
  Counter calls{0}, ends{0};
  for (int v = 0; v < 4; ++v) {
    auto& part = test.transform(at("part", v), {"source"}, nullptr);
    part.on_decide = [v](Sample const&, Inputs const&) { return v / 2; };  // two and two
    part.on_carry_out = [&](Number, Sample const&, Inputs const& in) {
      ++calls;
      return *in[0] % 4 == 0 ? std::nullopt : std::optional(*in[0]);
    };
    test.observer(at("end", v), {at("part", v)}, counted(ends));
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 8);
  CHECK(calls == 80);
  CHECK(ends == 60);
  CHECK(totals.skipped == 10);
  for (VariantCounts const& counts : totals.variants) CHECK(counts_of(counts) == Counts{10, 0, 0});
}

TEST_CASE("a shared stage that fails, fails for the variants that share it and for no other",
          "[engine]") {
  LambdaPipeline test(40);
  test.pipeline.run.on_error = OnError::skip;
  for (int v = 0; v < 3; ++v) {
    auto& part = test.transform(at("part", v), {"source"}, nullptr);
    part.on_decide = [v](Sample const&, Inputs const&) { return v / 2; };  // two and one
    part.on_carry_out = [](Number decision, Sample const&, Inputs const& in) {
      if (decision == 0 && *in[0] == 7) throw Error("seven");
      return std::optional(*in[0]);
    };
    test.observer(at("end", v), {at("part", v)}, kPass);
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 8);
  CHECK(totals.failed == 1);
  CHECK(listener.records[7].failures.size() == 2);
  CHECK(counts_of(totals.variants[0]) == Counts{0, 1, 0});
  CHECK(counts_of(totals.variants[1]) == Counts{0, 1, 0});
  CHECK(counts_of(totals.variants[2]) == Counts{0, 0, 0});
}

TEST_CASE("a decision that throws fails its variant", "[engine]") {
  LambdaPipeline test(10);
  test.pipeline.run.on_error = OnError::skip;
  for (int v = 0; v < 2; ++v) {
    auto& part = test.transform(at("part", v), {"source"}, nullptr);
    part.on_decide = [v](Sample const&, Inputs const& in) -> Number {
      if (v == 0 && *in[0] == 4) throw Error("cannot decide");
      return 0;
    };
    part.on_carry_out = [](Number, Sample const&, Inputs const& in) {
      return std::optional(*in[0]);
    };
    test.observer(at("end", v), {at("part", v)}, kPass);
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener);
  CHECK(counts_of(totals.variants[0]) == Counts{0, 1, 0});
  CHECK(counts_of(totals.variants[1]) == Counts{0, 0, 0});
  CHECK(listener.records[4].failures[0].second == "cannot decide");
}

TEST_CASE("a failure that stops the run names the variant, and cancels the others", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  LambdaPipeline test(500);
  std::vector<Number> folded[2];
  for (int v = 0; v < 2; ++v) {
    test.transform(at("part", v), {"source"},
                   [v](Sample const& sample, Inputs const& in) {
                     if (v == 0 && sample.id == "20") throw Error("twenty");
                     return std::optional(*in[0]);
                   })
        .setting = v;
    test.observer(at("end", v), {at("part", v)}, kPass,
                  [&folded, v](Sample const&, Number n) { folded[v].push_back(n); });
    test.variant(v == 0 ? "bad" : "good", {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.end == RunEnd::stopped);
  CHECK_THAT(totals.error, Contains("\"part\" in \"bad\"") && Contains("twenty"));
  CHECK(totals.emitted == totals.retired());
  CHECK(totals.emitted < 500);
  CHECK(totals.variants[0].failed == 1);
  CHECK(totals.variants[1].failed == 0);
  CHECK(totals.failed == 1);
  // Each variant has a place for every sample.
  for (int v = 0; v < 2; ++v) {
    VariantCounts const& counts = totals.variants[v];
    CHECK(folded[v].size() + counts.failed + counts.cancelled == totals.retired());
  }
  CHECK(listener.records[20].outcome == Outcome::failed);
}

TEST_CASE("a sink runs once for the variants that share it, and each gets its files", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  LambdaPipeline test(50);
  test.pipeline.run.on_error = OnError::skip;
  Counter written{0};
  for (int v = 0; v < 4; ++v) {
    auto& select = test.transform(at("select", v), {"source"}, nullptr);
    select.on_decide = [v](Sample const&, Inputs const&) { return v == 3; };  // three and one
    select.on_carry_out = [](Number decision, Sample const&, Inputs const& in) {
      return std::optional(*in[0] + 1000 * decision);
    };
    test.sink(at("write", v), {at("select", v)},
              [&written](SampleContext const& context, Inputs const& in) {
                ++written;
                context.output().write(context.sample().id + ".txt", bytes(std::to_string(*in[0])));
              });
    test.variant(std::to_string(v), {at("write", v)});
  }
  RecordingListener listener;
  listener.on_deliver = [&](std::size_t stage, std::vector<OutputFile> const& files) {
    if (stage == test.index("write@1") && files[0].name == "30.txt") throw Error("disk full");
  };
  RunTotals const totals = run(test, listener, jobs);
  CHECK(written == 100);
  for (int v = 0; v < 4; ++v) {
    auto const& files = listener.delivered[test.index(at("write", v))];
    CHECK(files.size() == (v == 1 ? 49 : 50));
    CHECK(files.at("7.txt") == (v == 3 ? "1007" : "7"));
    CHECK(counts_of(totals.variants[v]) == Counts{0, v == 1 ? 1u : 0u, 0});
  }
  CHECK(listener.records[30].failures ==
        decltype(RecordingListener::Record::failures){{test.index("write@1"), "disk full"}});
  CHECK(totals.stages[test.index("write@1")].failed == 1);
}

TEST_CASE("a sink that fails after writing delivers nothing", "[engine]") {
  LambdaPipeline test(4);
  test.pipeline.run.on_error = OnError::skip;
  test.sink("write", {"source"}, [](SampleContext const& context, Inputs const& in) {
    context.output().write(context.sample().id + ".txt", bytes("half"));
    if (*in[0] == 2) throw Error("on second thought");
  });
  test.variant("", {"write"});
  RecordingListener listener;
  run(test, listener);
  CHECK(listener.delivered[1].size() == 3);
  CHECK_FALSE(listener.delivered[1].contains("2.txt"));
}

TEST_CASE("decisions are carried out together, and alone where that throws", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  constexpr int kVariants = 6, kSamples = 60;
  LambdaPipeline test(kSamples);
  test.pipeline.run.on_error = OnError::skip;
  Counter together{0}, alone{0};
  std::vector<std::vector<Number>> folded(kVariants);
  for (int v = 0; v < kVariants; ++v) {
    auto& part = test.transform(at("part", v), {"source"}, nullptr);
    part.setting = v;
    // Sample n has n % 3 + 1 decisions; one of those of sample 11 cannot be carried out.
    part.on_decide = [v](Sample const&, Inputs const& in) {
      Number const decision = std::min<Number>(v, *in[0] % 3);
      return *in[0] == 11 && decision == 1 ? -1 : decision;
    };
    part.on_carry_out_all = [&](std::vector<Number> const& decisions) {
      ++together;
      if (std::ranges::find(decisions, -1) != decisions.end()) throw Error("one of them");
      return decisions;
    };
    part.on_carry_out = [&](Number decision, Sample const&, Inputs const&) {
      ++alone;
      if (decision == -1) throw Error("minus one");
      return std::optional(decision);
    };
    test.observer(at("end", v), {at("part", v)}, kPass,
                  [&folded, v](Sample const&, Number n) { folded[v].push_back(n); });
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(together == kSamples * 2 / 3);  // a single decision is carried out alone
  CHECK(alone == kSamples / 3 + 3);  // and so are those of sample 11
  CHECK(totals.failed == 1);
  CHECK(listener.records[11].failures.size() == 1);
  CHECK(listener.records[11].failures[0].second == "minus one");
  CHECK(counts_of(totals.variants[1]) == Counts{0, 1, 0});
  CHECK(folded[0].size() == kSamples);
  CHECK(folded[1].size() == kSamples - 1);
  for (Number n = 0; n < kSamples; ++n) CHECK(folded[5][n] == n % 3);
}
