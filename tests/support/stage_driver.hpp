// Drives one stage by its declaration, as the engine would, without a pipeline or a graph.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/detail/warnings.hpp>
#include <seplflow/error.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/plugin.hpp>

// Keeps what a sink writes.
class MemoryFolder final : public seplflow::OutputFolder {
 public:
  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) override {
    files[file.string()].assign(bytes.begin(), bytes.end());
  }
  std::map<std::string, std::vector<std::uint8_t>> files;
};

// Keeps what an observer writes.
class MemoryFile final : public seplflow::RunFile {
 public:
  void write(std::span<std::uint8_t const> added) override {
    bytes.insert(bytes.end(), added.begin(), added.end());
  }
  std::filesystem::path path() override { throw std::logic_error("the file is in memory"); }
  std::vector<std::uint8_t> bytes;
};

// What a pipeline file says of a stage.
struct StageSetup {
  std::map<std::string, seplflow::OptionValue> options;
  std::vector<std::string> connected_inputs, wanted_outputs;
};

class StageDriver {
 public:
  // Of the stages that `declare` declares, the only one.
  explicit StageDriver(std::function<void(seplflow::Plugin&)> const& declare,
                       StageSetup const& setup = {}) {
    seplflow::Plugin plugin;
    declare(plugin);
    auto [declared, rejected] = plugin.finish();
    if (!rejected.empty()) throw seplflow::Error(rejected.front().reason);
    require(declared.size() == 1, "not one stage");
    stage_ = std::move(declared.front());
    instance_ = stage_.make();
    std::vector<std::string> given;
    for (auto const& [name, value] : setup.options) {
      auto const option = seplflow::find_option(stage_, name);
      require(option.has_value(), "no option " + name);
      auto const& choices = stage_.options[*option].choices;
      require(choices.empty() || std::ranges::count(choices, std::get<std::string>(value)) == 1,
              "no choice of " + name);
      instance_->set_option(*option, value);
      given.push_back(name);
    }
    seplflow::OptionCheck check(given, setup.connected_inputs, setup.wanted_outputs);
    instance_->check(check);
    problems_ = check.problems();
    warnings_ = check.warnings();
  }

  seplflow::StageDeclaration const& declaration() const { return stage_; }
  seplflow::StageInstance& instance() { return *instance_; }

  // The default of an option, as the manual shows it.
  std::optional<seplflow::OptionValue> default_of(std::string const& option) const {
    return stage_.options.at(seplflow::find_option(stage_, option).value()).default_value;
  }

  // What the stage refuses, "option: message" a line; empty when nothing.
  std::string problems() const {
    std::string text;
    for (auto const& problem : problems_) text += problem.option + ": " + problem.message + "\n";
    return text;
  }

  // What it warns of when the pipeline is checked, likewise.
  std::string warnings() const {
    std::string text;
    for (auto const& warning : warnings_) text += warning.option + ": " + warning.message + "\n";
    return text;
  }

  // All samples of a source.
  std::vector<seplflow::Sample> samples() {
    std::vector<seplflow::Sample> samples;
    while (auto sample = instance_->next()) {
      sample->index = samples.size();
      samples.push_back(std::move(*sample));
    }
    return samples;
  }

  // One output of a source.
  template <class T>
  T produce(std::string const& output, seplflow::Sample const& sample) const {
    auto const port = seplflow::find_port(stage_.outputs, output);
    require(port && stage_.outputs[*port].type == seplflow::PortType<T>::name, "no such output");
    return *std::static_pointer_cast<T const>(instance_->produce(*port, sample));
  }

  // The only output of a transform, whose inputs come in the declaration's order; a loader needs
  // none but the sample.
  template <class T, class... Inputs>
  T run(seplflow::Sample const& sample, Inputs const&... inputs) {
    require(stage_.outputs.size() == 1 && stage_.outputs[0].type == seplflow::PortType<T>::name,
            "not one output of this type");
    auto const values = values_of(sample, inputs...);
    return *std::static_pointer_cast<T const>(values.at(0));
  }

  // Runs a sink; its files are in `folder` afterwards.
  template <class... Inputs>
  void write(seplflow::Sample const& sample, Inputs const&... inputs) {
    require(values_of(sample, inputs...).empty(), "a sink has no values");
  }

  // Shows an observer a sample; its row.
  template <class... Inputs>
  seplflow::Row observe(seplflow::Sample const& sample, Inputs const&... inputs) {
    auto const record = values_of(sample, inputs...);
    return fold(sample, record.at(0).get());
  }
  seplflow::Row fold(seplflow::Sample const& sample, void const* record) {
    return instance_->fold(sample, record, run_file);
  }
  seplflow::Findings finish() { return instance_->finish(run_file); }

  // What it warned of samples since this was last asked.
  std::vector<seplflow::Warning> warned() { return warned_->take(); }

  MemoryFolder folder;
  MemoryFile run_file;

 private:
  static void require(bool holds, std::string const& what) {
    if (!holds) throw std::logic_error("StageDriver: " + what);
  }

  // A loader's input is the sample itself. Optional inputs at the end may be left out.
  template <class... Inputs>
  std::vector<seplflow::Value> values_of(seplflow::Sample const& sample, Inputs const&... inputs) {
    std::vector<void const*> pointers = {static_cast<void const*>(&inputs)...};
    std::vector<std::string> types = {std::string(seplflow::PortType<Inputs>::name)...};
    if (types.empty()) {
      pointers = {&sample};
      types = {std::string(seplflow::PortType<seplflow::Sample>::name)};
    }
    require(types.size() <= stage_.inputs.size(), "too many inputs");
    for (std::size_t i = 0; i < stage_.inputs.size(); ++i) {
      if (i < types.size()) {
        require(stage_.inputs[i].type == types[i], stage_.inputs[i].name + " is no " + types[i]);
      } else {
        require(stage_.inputs[i].optional, stage_.inputs[i].name + " is missing");
        pointers.push_back(nullptr);
      }
    }
    bool const is_sink = stage_.kind == seplflow::StageKind::sink;
    seplflow::SampleContext const context(sample, is_sink ? &folder : nullptr, warned_.get());
    auto values = instance_->run(context, pointers);
    require(values.has_value(), "the stage declined the sample");
    return *values;
  }

  seplflow::StageDeclaration stage_;
  std::unique_ptr<seplflow::StageInstance> instance_;
  std::vector<seplflow::OptionCheck::Problem> problems_, warnings_;
  std::unique_ptr<seplflow::Warnings> warned_ = std::make_unique<seplflow::Warnings>();
};

// A sample of PASCAL VOC's classes.
inline seplflow::Sample voc_sample(std::string id,
                                   std::optional<seplflow::Size> size = std::nullopt) {
  seplflow::Sample sample;
  sample.id = std::move(id);
  sample.classes = seplflow::voc12_classes();
  sample.size = size;
  return sample;
}
