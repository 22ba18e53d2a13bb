// Pipelines of lambdas, without files and plugins: for tests of the engine.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

// A pipeline that is put together in a test. Every stage has one output; the source has a second
// one, "extra". Values are integers.
class LambdaPipeline {
 public:
  using Number = std::int64_t;
  using Inputs = std::vector<Number const*>;
  using Run = std::function<std::optional<Number>(seplflow::Sample const&, Inputs const&)>;

  struct Stage final : seplflow::StageInstance {
    std::function<std::optional<seplflow::Sample>()> on_next;
    std::function<Number(seplflow::Sample const&)> on_produce;
    Run on_run;
    std::function<void(seplflow::Sample const&, Number)> on_fold;

    void set_option(std::size_t, seplflow::OptionValue const&) override {}
    std::optional<seplflow::OptionValue> option(std::size_t) const override { return {}; }
    void check(seplflow::OptionCheck&) override {}
    std::optional<seplflow::Sample> next() override { return on_next(); }
    seplflow::Value produce(std::size_t, seplflow::Sample const& sample) const override {
      return std::make_shared<Number const>(on_produce(sample));
    }
    std::optional<std::vector<seplflow::Value>> run(seplflow::SampleContext const& context,
                                                    std::span<void const* const> inputs) override {
      Inputs numbers;
      for (void const* const input : inputs) numbers.push_back(static_cast<Number const*>(input));
      auto const result = on_run(context.sample(), numbers);
      if (!result) return std::nullopt;
      return std::vector<seplflow::Value>{std::make_shared<Number const>(*result)};
    }
    seplflow::Row fold(seplflow::Sample const& sample, void const* record) override {
      if (on_fold) on_fold(sample, *static_cast<Number const*>(record));
      return {sample.id};
    }
  };

  // A source of `count` samples called "0", "1", ...; its second output is the sample's number.
  explicit LambdaPipeline(int count) {
    Stage& source = add("source", seplflow::StageKind::source, {});
    source.on_next = [count, next = 0]() mutable -> std::optional<seplflow::Sample> {
      if (next == count) return std::nullopt;
      seplflow::Sample sample;
      sample.id = std::to_string(next++);
      return sample;
    };
    source.on_produce = [](seplflow::Sample const& sample) { return std::stoll(sample.id); };
    pipeline.stages[0].wanted = {false, false};
  }

  // A stage that reads from the named ones; "source" gives the sample's number.
  Stage& transform(std::string name, std::vector<std::string> const& inputs, Run run) {
    Stage& stage = add(std::move(name), seplflow::StageKind::transform, inputs);
    stage.on_run = std::move(run);
    return stage;
  }
  Stage& observer(std::string name, std::vector<std::string> const& inputs, Run run,
                  std::function<void(seplflow::Sample const&, Number)> fold = nullptr) {
    Stage& stage = add(std::move(name), seplflow::StageKind::observer, inputs);
    stage.on_run = std::move(run);
    stage.on_fold = std::move(fold);
    return stage;
  }

  seplflow::StageDeclaration& declaration(std::string const& name) {
    return *const_cast<seplflow::StageDeclaration*>(pipeline.stages[index(name)].declaration);
  }
  seplflow::PipelineStage& stage(std::string const& name) { return pipeline.stages[index(name)]; }
  Stage& source() { return static_cast<Stage&>(*pipeline.stages[0].instance); }

  seplflow::Pipeline pipeline;

 private:
  std::size_t index(std::string const& name) const {
    for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
      if (pipeline.stages[i].name == name) return i;
    }
    throw std::logic_error("the test has no stage " + name);
  }

  Stage& add(std::string name, seplflow::StageKind kind, std::vector<std::string> const& inputs) {
    seplflow::StageDeclaration declaration;
    declaration.name = "test." + name;
    declaration.kind = kind;
    bool const is_source = kind == seplflow::StageKind::source;
    if (kind != seplflow::StageKind::observer) declaration.outputs.push_back({"out", "Number"});
    if (is_source) declaration.outputs.push_back({"extra", "Number"});
    seplflow::PipelineStage stage;
    for (std::string const& input : inputs) {
      std::size_t const producer = index(input);
      std::size_t const output = input == "source" ? 1 : 0;
      declaration.inputs.push_back({"in" + std::to_string(stage.inputs.size()), "Number"});
      stage.inputs.push_back(seplflow::PipelineStage::Input{producer, output});
      pipeline.stages[producer].wanted[output] = true;
    }
    stage.name = std::move(name);
    stage.wanted.resize(declaration.outputs.size());
    declarations_.push_back(std::move(declaration));
    stage.declaration = &declarations_.back();
    auto instance = std::make_shared<Stage>();
    Stage& result = *instance;
    stage.instance = std::move(instance);
    pipeline.stages.push_back(std::move(stage));
    return result;
  }

  std::deque<seplflow::StageDeclaration> declarations_;
};

// Remembers what the engine reports.
class RecordingListener : public seplflow::RunListener {
 public:
  struct Record {
    std::string id;
    seplflow::Outcome outcome;
    std::vector<std::pair<std::size_t, std::string>> failures;
    std::optional<std::size_t> skipped_by;
  };

  std::string deliver(std::size_t, std::vector<seplflow::OutputFile> const&) override {
    return "";
  }
  void row(std::size_t, seplflow::Row const& row) override {
    rows.push_back(std::get<std::string>(row[0]));
  }
  void retired(seplflow::Retired const& retired) override {
    if (on_retired) on_retired(retired);
    Record record{retired.sample.id, retired.outcome, {}, retired.skipped_by};
    for (auto const& failure : retired.failures) {
      record.failures.emplace_back(failure.stage, failure.error);
    }
    records.push_back(std::move(record));
  }
  void worked(std::size_t stage, seplflow::Sample const& sample, Clock::time_point,
              Clock::time_point) override {
    if (on_worked) on_worked(stage, sample);
  }

  std::vector<Record> records;
  std::vector<std::string> rows;
  std::function<void(seplflow::Retired const&)> on_retired;
  std::function<void(std::size_t, seplflow::Sample const&)> on_worked;
};

// Runs the pipeline with so many threads and samples in flight.
inline seplflow::RunTotals run(LambdaPipeline& test, RecordingListener& listener,
                               std::int64_t jobs = 2, std::int64_t in_flight = 0) {
  return seplflow::Engine(test.pipeline, {jobs, in_flight, {}}, listener).run();
}
