// Stages of several variants: what they share, and what they keep from each other.
#include "support/shared_stages.hpp"

TEST_CASE("a stage that all variants share is called once for each sample", "[engine]") {
  auto const jobs = GENERATE(1, 8);
  constexpr int kVariants = 20, kSamples = 100;
  LambdaPipeline test(kSamples);
  Counter produced{0}, common{0}, own{0};
  test.source().on_produce = [&](Sample const& sample) {
    ++produced;
    return std::stoll(sample.id);
  };
  test.transform("common", {"source"}, counted(common));
  std::vector<Number> sums(kVariants);
  for (int v = 0; v < kVariants; ++v) {
    test.transform(at("own", v), {"common"},
                   [&own, v](Sample const&, Inputs const& in) {
                     ++own;
                     return std::optional(*in[0] * v);
                   })
        .setting = v;
    test.observer(at("end", v), {at("own", v)}, kPass,
                  [&sums, v](Sample const&, Number n) { sums[v] += n; });
    test.variant(std::to_string(v), {at("end", v)});
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.done == kSamples);
  CHECK(produced == kSamples);
  CHECK(common == kSamples);
  CHECK(own == kVariants * kSamples);
  for (int v = 0; v < kVariants; ++v) CHECK(sums[v] == v * kSamples * (kSamples - 1) / 2);
  REQUIRE(totals.variants.size() == kVariants);
  for (VariantCounts const& counts : totals.variants) CHECK(counts_of(counts) == Counts{0, 0, 0});
}

TEST_CASE("equal decisions share the work and everything after it, different ones do not",
          "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  constexpr int kVariants = 5, kSamples = 200;
  LambdaPipeline test(kSamples);
  Counter decided{0}, carried_out{0}, scored{0};
  std::vector<std::vector<Number>> folded(kVariants);
  for (int v = 0; v < kVariants; ++v) {
    auto& select = test.transform(at("select", v), {"source"}, nullptr);
    select.setting = v;
    select.on_decide = [&decided, v](Sample const&, Inputs const& in) {
      ++decided;
      return std::min<Number>(v, *in[0] % 4);
    };
    select.on_carry_out = [&](Number decision, Sample const&, Inputs const& in) {
      ++carried_out;
      return std::optional(*in[0] * 10 + decision);
    };
    test.observer(at("score", v), {at("select", v), "source"}, counted(scored),
                  [&folded, v](Sample const&, Number n) { folded[v].push_back(n); });
    test.variant(std::to_string(v), {at("score", v)});
  }
  RecordingListener listener;
  std::atomic<int> worked{0};
  listener.on_worked = [&](std::size_t, Sample const&) { ++worked; };
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.done == kSamples);
  CHECK(decided == kVariants * kSamples);
  // Sample n has n % 4 + 1 decisions.
  int const distinct = kSamples / 4 * (1 + 2 + 3 + 4);
  CHECK(carried_out == distinct);
  CHECK(scored == distinct);
  CHECK(worked == 2 * distinct + kSamples);  // only what was worked on is told
  for (int v = 0; v < kVariants; ++v) {
    REQUIRE(folded[v].size() == kSamples);
    for (Number n = 0; n < kSamples; ++n) {
      CHECK(folded[v][n] == n * 10 + std::min<Number>(v, n % 4));
    }
  }
  // Who shares counts as who works.
  for (std::size_t s = 1; s < totals.stages.size(); ++s) {
    CHECK(totals.stages[s].in == kSamples);
    CHECK(totals.stages[s].out == kSamples);
    CHECK(totals.stages[s].recalled == 0);
  }
}

TEST_CASE("stages with equal options share only when their inputs are the same", "[engine]") {
  LambdaPipeline test(30);
  Counter calls{0};
  int expected = 0;
  test.transform("one", {"source"}, kPass);
  test.transform("other", {"source"}, kPass);  // equal numbers, but not the same
  auto const add = [&](int variant, std::string const& input, std::optional<Number> setting) {
    test.observer(at("end", variant), {input}, counted(calls)).setting = setting;
    test.variant(std::to_string(variant), {at("end", variant)});
  };
  add(0, "one", 1);
  SECTION("the same of the same") {
    add(1, "one", 1);
    expected = 30;
  }
  SECTION("another option") {
    add(1, "one", 2);
    expected = 60;
  }
  SECTION("an option that is not set") {
    add(1, "one", std::nullopt);
    expected = 60;
  }
  SECTION("another input") {
    add(1, "other", 1);
    expected = 60;
  }
  SECTION("some of each") {
    add(1, "other", 1);
    add(2, "one", 1);
    add(3, "other", 1);
    add(4, "other", 2);
    expected = 90;
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 8);
  CHECK(totals.done == 30);
  CHECK(calls == expected);
}

TEST_CASE("an unconnected input differs from a connected one", "[engine]") {
  LambdaPipeline test(10);
  Counter calls{0};
  auto const sum = [&](Sample const&, Inputs const& in) {
    ++calls;
    return std::optional(*in[0] + (in[1] ? *in[1] : 0));
  };
  std::vector<Number> sums(3);
  for (int v = 0; v < 3; ++v) {
    test.observer(at("end", v), {"source", "source"}, sum,
                  [&sums, v](Sample const&, Number n) { sums[v] += n; });
    test.variant(std::to_string(v), {at("end", v)});
  }
  test.stage("end@1").inputs[1].reset();
  test.stage("end@2").inputs[1].reset();
  RecordingListener listener;
  run(test, listener, 8);
  CHECK(calls == 20);
  CHECK(sums == std::vector<Number>{90, 45, 45});
}

TEST_CASE("stages with different names or declarations share nothing", "[engine]") {
  LambdaPipeline test(10);
  Counter calls{0};
  test.observer("one", {"source"}, counted(calls));
  test.observer("two", {"source"}, counted(calls));
  test.stage("two").declaration = test.stage("one").declaration;
  test.variant("", {"one", "two"});
  RecordingListener listener;
  run(test, listener);
  CHECK(calls == 20);
}

TEST_CASE("serial stages never share, and see one sample at a time", "[engine]") {
  LambdaPipeline test(100);
  int calls[2] = {0, 0};  // a race unless the stages are serial
  for (int v = 0; v < 2; ++v) {
    test.observer(at("end", v), {"source"}, [&calls, v](Sample const&, Inputs const& in) {
      ++calls[v];
      return std::optional(*in[0]);
    });
    test.variant(std::to_string(v), {at("end", v)});
  }
  test.declaration("end@0").serial = true;
  RecordingListener listener;
  run(test, listener, 8);
  CHECK(calls[0] == 100);
  CHECK(calls[1] == 100);
}

TEST_CASE("an ordered stage sees the samples in data set order", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  constexpr int kSamples = 500;
  LambdaPipeline test(kSamples);
  // The samples reach it out of order, and some not at all.
  test.transform("uneven", {"source"}, [](Sample const&, Inputs const& in) {
    Number volatile work = 0;
    for (Number i = 0; i < (*in[0] * 7919) % 20'000; ++i) work = work + i;
    return *in[0] % 10 == 3 ? std::nullopt : std::optional(*in[0]);
  });
  std::vector<Number> seen;  // a race unless the stage is ordered
  test.transform("ordered", {"uneven"}, [&](Sample const&, Inputs const& in) {
    seen.push_back(*in[0]);
    return std::optional(*in[0]);
  });
  test.declaration("ordered").serial = test.declaration("ordered").ordered = true;
  test.observer("end", {"ordered"}, kPass);
  test.variant("", {"end"});
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.done == kSamples - kSamples / 10);
  CHECK(seen.size() == kSamples - kSamples / 10);
  CHECK(std::ranges::is_sorted(seen));
}

TEST_CASE("stages that variants have in a different order do not wait for each other", "[engine]") {
  auto const jobs = GENERATE(1, 2, 8);
  auto const serial = GENERATE(false, true);
  LambdaPipeline test(300);
  auto const times = [](Number factor, Number term) {
    return [=](Sample const&, Inputs const& in) { return std::optional(*in[0] * factor + term); };
  };
  auto const a = times(2, 0), b = times(1, 3);
  test.transform("a@1", {"source"}, a);
  test.transform("b@1", {"a@1"}, b);
  test.transform("b@2", {"source"}, b);
  test.transform("a@2", {"b@2"}, a);
  test.transform("b@3", {"a@2"}, b);  // and once more
  test.declaration("a@1").serial = test.declaration("b@1").serial = serial;
  std::vector<Number> sums(3);
  int v = 0;
  for (std::string const from : {"b@1", "a@2", "b@3"}) {
    test.observer(at("end", v), {from}, kPass,
                  [&sums, v](Sample const&, Number n) { sums[v] += n; });
    test.variant(from, {at("end", v)});
    ++v;
  }
  RecordingListener listener;
  RunTotals const totals = run(test, listener, jobs);
  CHECK(totals.end == RunEnd::complete);
  CHECK(totals.done == 300);
  Number const sum = 300 * 299 / 2;
  CHECK(sums == std::vector<Number>{2 * sum + 300 * 3, 2 * sum + 300 * 6, 2 * sum + 300 * 9});
}

TEST_CASE("only what the selected ends need is computed", "[engine]") {
  LambdaPipeline test(25);
  Counter produced{0}, left{0}, right{0}, common{0};
  test.source().on_produce = [&](Sample const& sample) {
    ++produced;
    return std::stoll(sample.id);
  };
  auto const count_sample = [](Counter& calls) {
    return [&calls](Sample const&, Inputs const&) {
      ++calls;
      return std::optional<Number>(1);
    };
  };
  // Reads the sample itself; the source's other output is wanted by "right" alone.
  test.transform("common", {"source"}, count_sample(common));
  test.stage("common").inputs[0] = PipelineStage::Input{0, 0};
  test.observer("left", {"common"}, counted(left));
  test.transform("only", {"common", "source"}, counted(right));
  test.observer("right", {"only"}, counted(right));
  test.variant("", {"left", "right"});
  std::vector<bool> ends(test.pipeline.stages.size());
  RecordingListener listener;
  SECTION("all of them") {
    run(test, listener, 2);
    CHECK(produced == 25);
    CHECK(left == 25);
    CHECK(right == 50);
  }
  SECTION("one of them") {
    ends[test.index("left")] = true;
    RunTotals const totals = run(test, listener, 2, 0, ends);
    CHECK(totals.done == 25);
    CHECK(left == 25);
    CHECK(common == 25);
    CHECK(right == 0);
    CHECK(produced == 0);
    CHECK(totals.stages[test.index("only")].in == 0);
    CHECK(totals.stages[test.index("right")].in == 0);
    CHECK(listener.rows.size() == 25);
  }
  SECTION("the other") {
    ends[test.index("right")] = true;
    run(test, listener, 2, 0, ends);
    CHECK(produced == 25);
    CHECK(left == 0);
    CHECK(right == 50);
  }
  SECTION("none of them") {
    RunTotals const totals = run(test, listener, 2, 0, ends);
    CHECK(totals.end == RunEnd::complete);
    CHECK(totals.done == 25);
    CHECK(common == 0);
    CHECK(produced == 0);
  }
}

TEST_CASE("shards divide the samples of a limit, and each sample keeps its place in the data set",
          "[engine]") {
  auto const count = GENERATE(1, 2, 3, 7, 30);
  auto const limit = GENERATE(values<std::optional<std::int64_t>>({std::nullopt, 1, 20, 100}));
  std::map<std::string, std::uint64_t> places;
  for (int index = 0; index < count; ++index) {
    LambdaPipeline test(25);
    test.pipeline.run.limit = limit;
    test.pipeline.run.shard = {index, count};
    std::mutex mutex;
    Counter wrong{0};
    test.observer("end", {"source"}, [&](Sample const& sample, Inputs const& in) {
      std::scoped_lock const lock(mutex);
      bool const is_new = places.try_emplace(sample.id, sample.index).second;
      if (!is_new || static_cast<int>(sample.index) % count != index) ++wrong;
      return std::optional(*in[0]);
    });
    RecordingListener listener;
    RunTotals const totals = run(test, listener, 2);
    CHECK(wrong == 0);
    CHECK(totals.end == RunEnd::complete);
    CHECK(totals.emitted == listener.records.size());
  }
  CHECK(static_cast<std::int64_t>(places.size()) == std::min<std::int64_t>(25, limit.value_or(25)));
  for (auto const& [id, place] : places) CHECK(std::to_string(place) == id);
}

TEST_CASE("a thousand variants on eight threads retire in order", "[engine]") {
  constexpr int kVariants = 1000, kSamples = 20;
  LambdaPipeline test(kSamples);
  Counter carried_out{0};
  std::vector<Number> hashes(kVariants, 17);
  for (int v = 0; v < kVariants; ++v) {
    auto& select = test.transform(at("select", v), {"source"}, nullptr);
    select.setting = v;
    select.on_decide = [v](Sample const&, Inputs const& in) { return v % (*in[0] % 5 + 1); };
    select.on_carry_out = [&](Number decision, Sample const&, Inputs const& in) {
      ++carried_out;
      return std::optional(*in[0] * 10 + decision);
    };
    test.observer(at("score", v), {at("select", v)}, kPass, [&hashes, v](Sample const&, Number n) {
      hashes[v] = hashes[v] * 31 % 65521 + n;
    });
    test.variant(std::to_string(v), {at("score", v)});
  }
  RecordingListener listener;
  run(test, listener, 8);
  CHECK(carried_out == kSamples / 5 * (1 + 2 + 3 + 4 + 5));
  for (int v = 0; v < kVariants; ++v) {
    Number expected = 17;
    for (Number n = 0; n < kSamples; ++n)
      expected = expected * 31 % 65521 + n * 10 + v % (n % 5 + 1);
    CHECK(hashes[v] == expected);
  }
}
