// Pipelines of lambdas, without files and plugins: for tests of the engine.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

// A pipeline that is put together in a test. Every stage has one output and one option, "setting",
// which is absent unless it is set; the source has a second output, "extra". Values are integers.
//
// Stages are named "NAME" or, where several variants have one of that name, "NAME@ANYTHING": these
// are of one declaration.
class LambdaPipeline {
 public:
  using Number = std::int64_t;
  using Inputs = std::vector<Number const*>;
  using Run = std::function<std::optional<Number>(seplflow::Sample const&, Inputs const&)>;

  struct Stage final : seplflow::StageInstance {
    std::function<std::optional<seplflow::Sample>()> on_next;
    std::function<std::optional<Number>(seplflow::Sample const&)> on_produce;
    Run on_run;
    std::function<void(seplflow::SampleContext const&, Inputs const&)> on_write;  // of a sink
    std::function<void(seplflow::Sample const&, Number)> on_fold;
    // Of a stage in two steps; on_carry_out takes the decision for the setting.
    std::function<Number(seplflow::Sample const&, Inputs const&)> on_decide;
    std::function<std::optional<Number>(Number, seplflow::Sample const&, Inputs const&)>
        on_carry_out;
    std::function<std::vector<Number>(std::vector<Number> const&)> on_carry_out_all;
    std::function<std::string(Number)> on_save;
    std::function<Number(std::string_view)> on_load;
    std::function<std::vector<std::filesystem::path>(std::size_t, seplflow::Sample const&)>
        on_files;
    std::optional<Number> setting;

    void set_option(std::size_t, seplflow::OptionValue const& value) override {
      setting = std::get<std::int64_t>(value);
    }
    std::optional<seplflow::OptionValue> option(std::size_t) const override { return setting; }
    void check(seplflow::OptionCheck&) override {}
    std::optional<seplflow::Sample> next() override { return on_next(); }
    seplflow::Value produce(std::size_t, seplflow::SampleContext const& context) const override {
      auto const number = on_produce(context.sample());
      return number ? std::make_shared<Number const>(*number) : nullptr;
    }
    std::optional<std::vector<seplflow::Value>> run(seplflow::SampleContext const& context,
                                                    std::span<void const* const> inputs) override {
      if (!on_write) return values_of(on_run(context.sample(), numbers_of(inputs)));
      on_write(context, numbers_of(inputs));
      return std::vector<seplflow::Value>();
    }
    bool decides() const override { return on_decide != nullptr; }
    seplflow::Value decide(seplflow::SampleContext const& context,
                           std::span<void const* const> inputs) const override {
      return std::make_shared<Number const>(on_decide(context.sample(), numbers_of(inputs)));
    }
    bool same_decision(void const* a, void const* b) const override {
      return *static_cast<Number const*>(a) == *static_cast<Number const*>(b);
    }
    std::optional<std::vector<seplflow::Value>> carry_out(
        void const* decision, seplflow::SampleContext const& context,
        std::span<void const* const> inputs) const override {
      return values_of(on_carry_out(*static_cast<Number const*>(decision), context.sample(),
                                    numbers_of(inputs)));
    }
    bool carries_out_all() const override { return on_carry_out_all != nullptr; }
    std::vector<std::optional<std::vector<seplflow::Value>>> carry_out_all(
        std::span<void const* const> decisions, seplflow::SampleContext const&,
        std::span<void const* const>) const override {
      std::vector<std::optional<std::vector<seplflow::Value>>> results;
      for (Number const number : on_carry_out_all(decided(decisions))) {
        results.push_back(values_of(number));
      }
      return results;
    }
    std::vector<std::filesystem::path> files(std::size_t output,
                                             seplflow::Sample const& sample) const override {
      return on_files ? on_files(output, sample) : std::vector<std::filesystem::path>();
    }
    std::optional<std::string> save(void const* record) const override {
      if (!on_save) return std::nullopt;
      return on_save(*static_cast<Number const*>(record));
    }
    seplflow::Value load(std::string_view bytes) const override {
      return std::make_shared<Number const>(on_load(bytes));
    }
    seplflow::Row fold(seplflow::Sample const& sample, void const* record,
                       seplflow::RunFile&) override {
      if (on_fold) on_fold(sample, *static_cast<Number const*>(record));
      return {sample.id};
    }

   private:
    static std::vector<Number> decided(std::span<void const* const> decisions) {
      std::vector<Number> numbers;
      for (void const* const each : decisions) numbers.push_back(*static_cast<Number const*>(each));
      return numbers;
    }
    static Inputs numbers_of(std::span<void const* const> inputs) {
      Inputs numbers;
      for (void const* const input : inputs) numbers.push_back(static_cast<Number const*>(input));
      return numbers;
    }
    static std::optional<std::vector<seplflow::Value>> values_of(std::optional<Number> number) {
      if (!number) return std::nullopt;
      return std::vector<seplflow::Value>{std::make_shared<Number const>(*number)};
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

  Stage& sink(std::string name, std::vector<std::string> const& inputs,
              std::function<void(seplflow::SampleContext const&, Inputs const&)> write) {
    Stage& stage = add(std::move(name), seplflow::StageKind::sink, inputs);
    stage.on_write = std::move(write);
    return stage;
  }

  // A variant of these ends and all that they read from.
  void variant(std::string name, std::vector<std::string> const& ends) {
    std::vector<bool> serves(pipeline.stages.size());
    for (std::string const& end : ends) serves[index(end)] = true;
    seplflow::Variant variant{std::move(name), {}, {}, {}};
    for (std::size_t s = serves.size(); s-- > 0;) {
      if (!serves[s]) continue;
      for (auto const& input : pipeline.stages[s].inputs) serves[input->stage] = true;
    }
    for (std::size_t s = 0; s < serves.size(); ++s) {
      if (!serves[s]) continue;
      variant.stages.push_back(s);
      pipeline.stages[s].variants.push_back(pipeline.variants.size());
    }
    pipeline.variants.push_back(std::move(variant));
  }

  std::size_t index(std::string const& name) const {
    auto const found = std::ranges::find(names_, name);
    if (found == names_.end()) throw std::logic_error("the test has no stage " + name);
    return static_cast<std::size_t>(found - names_.begin());
  }

  seplflow::StageDeclaration& declaration(std::string const& name) {
    return *const_cast<seplflow::StageDeclaration*>(pipeline.stages[index(name)].declaration);
  }
  seplflow::PipelineStage& stage(std::string const& name) { return pipeline.stages[index(name)]; }
  Stage& source() { return static_cast<Stage&>(*pipeline.stages[0].instance); }

  seplflow::Pipeline pipeline;

 private:
  Stage& add(std::string name, seplflow::StageKind kind, std::vector<std::string> const& inputs) {
    seplflow::PipelineStage stage;
    stage.name = name.substr(0, name.find('@'));
    seplflow::StageDeclaration declaration;
    declaration.name = "test." + stage.name;
    declaration.kind = kind;
    declaration.folds = kind == seplflow::StageKind::observer;
    declaration.options.resize(1);
    declaration.options[0].name = "setting";
    bool const is_source = kind == seplflow::StageKind::source;
    bool const has_output = is_source || kind == seplflow::StageKind::transform;
    if (has_output) declaration.outputs.push_back({"out", "Number"});
    if (is_source) declaration.outputs.push_back({"extra", "Number"});
    for (std::string const& input : inputs) {
      std::size_t const producer = index(input);
      std::size_t const output = input == "source" ? 1 : 0;
      declaration.inputs.push_back({"in" + std::to_string(stage.inputs.size()), "Number"});
      stage.inputs.push_back(seplflow::PipelineStage::Input{producer, output});
      pipeline.stages[producer].wanted[output] = true;
    }
    stage.wanted.resize(declaration.outputs.size());
    auto const known =
        std::ranges::find(declarations_, declaration.name, &seplflow::StageDeclaration::name);
    if (known == declarations_.end()) {
      declarations_.push_back(std::move(declaration));
      stage.declaration = &declarations_.back();
    } else {
      stage.declaration = &*known;
    }
    auto instance = std::make_shared<Stage>();
    Stage& result = *instance;
    stage.instance = std::move(instance);
    pipeline.stages.push_back(std::move(stage));
    names_.push_back(std::move(name));
    return result;
  }

  std::deque<seplflow::StageDeclaration> declarations_;
  std::vector<std::string> names_;
};

// Forgets what is written.
class NoFile final : public seplflow::RunFile {
 public:
  void write(std::span<std::uint8_t const>) override {}
  std::filesystem::path path() override { return "/dev/null"; }
  seplflow::RunFile& beside(std::filesystem::path const&) override { return *this; }
};

// Remembers what the engine reports.
class RecordingListener : public seplflow::RunListener {
 public:
  struct Record {
    std::string id;
    seplflow::Outcome outcome;
    std::vector<std::pair<std::size_t, std::string>> failures;
    std::optional<std::size_t> skipped_by;
    std::vector<seplflow::StageMemory> memories;
  };

  std::vector<seplflow::StageMemory> recall(seplflow::Sample const& sample) override {
    return on_recall ? on_recall(sample) : std::vector<seplflow::StageMemory>();
  }
  // What it gives back is the names of the files.
  std::string deliver(std::size_t stage, std::vector<seplflow::OutputFile> const& files) override {
    if (on_deliver) on_deliver(stage, files);
    std::scoped_lock const lock(mutex_);
    std::string names;
    for (auto const& file : files) {
      names += file.name.string() + ";";
      delivered[stage][file.name.string()] = std::string(file.bytes.begin(), file.bytes.end());
    }
    return names;
  }
  seplflow::RunFile& run_file(std::size_t) override { return no_file; }
  void row(std::size_t, seplflow::Row const& row) override {
    rows.push_back(std::get<std::string>(row[0]));
  }
  void retired(seplflow::Retired const& retired) override {
    if (on_retired) on_retired(retired);
    Record record{retired.sample.id, retired.outcome, {}, retired.skipped_by, retired.memories};
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
  NoFile no_file;
  std::vector<std::string> rows;
  std::map<std::size_t, std::map<std::string, std::string>> delivered;  // by stage and name
  std::function<std::vector<seplflow::StageMemory>(seplflow::Sample const&)> on_recall;
  std::function<void(std::size_t, std::vector<seplflow::OutputFile> const&)> on_deliver;
  std::function<void(seplflow::Retired const&)> on_retired;
  std::function<void(std::size_t, seplflow::Sample const&)> on_worked;

 private:
  std::mutex mutex_;
};

// Runs the pipeline with so many threads and samples in flight.
inline seplflow::RunTotals run(LambdaPipeline& test, RecordingListener& listener,
                               std::int64_t jobs = 2, std::int64_t in_flight = 0,
                               std::vector<bool> ends = {}) {
  return seplflow::Engine(test.pipeline, {jobs, in_flight, std::move(ends)}, listener).run();
}
