// Drives one stage in a test, without a pipeline, a graph, a run folder or threads. Link
// seplflow::testing.
//
//   #include <seplflow/testing.hpp>
//
//   seplflow::testing::StageKit stage("lab.confident", "least = 0.9");
//   auto const kept = stage.run<MaskSet>(seplflow::testing::voc_sample("a"), masks);
//
// The kit goes through the declaration of the stage, as a pipeline does: options are TOML and are
// checked in the same way and with the same messages, check() runs, inputs and outputs are compared
// with the ports. The plugin must be part of the test program: see add_seplflow_test().
//
// Every error is thrown as seplflow::Error, so the kit works with any test framework, and without.
#pragma once

#include <seplflow/detail/warnings.hpp>
#include <seplflow/error.hpp>
#include <seplflow/plugin.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Of the plugin that is part of the test program: SEPLFLOW_PLUGIN defines it.
extern "C" __attribute__((visibility("default"))) seplflow_plugin_descriptor const seplflow_plugin;

namespace seplflow::testing {

// How a pipeline would use the stage.
struct Setup {
  Setup() = default;
  Setup(char const* toml) : options(toml) {}
  Setup(std::string toml) : options(std::move(toml)) {}

  // What the pipeline file sets, as TOML: "least = 0.9\nmode = \"any\"". Relative paths are
  // relative to the current folder.
  std::string options = {};
  // The optional inputs that are connected, and the outputs that other stages use, for check().
  // Inputs that are not optional always count as connected.
  std::vector<std::string> inputs = {}, outputs = {};
};

// The files that a sink wrote, by their paths in its folder.
using Files = std::map<std::string, std::vector<std::uint8_t>>;

// One configured stage.
class SEPLFLOW_API StageKit {
 public:
  // The stage of that name in the plugin that is part of the test program. Throws Error if there is
  // none, if its declaration is wrong, or if an option is unknown, missing or has a wrong value.
  explicit StageKit(std::string const& name, Setup const& setup = {})
      : StageKit([](Plugin& plugin) { seplflow_plugin.declare(&plugin); }, name, setup) {}

  // A stage that `declare` declares. The name may be empty if it declares one.
  StageKit(std::function<void(Plugin&)> const& declare, std::string const& name,
           Setup const& setup = {});
  ~StageKit();
  StageKit(StageKit&&) noexcept;

  StageDeclaration const& declaration() const { return stage_; }
  StageInstance& instance() { return *instance_; }
  StageInstance const& instance() const { return *instance_; }

  // The value of an option after check(), which may complete it; nothing if it is not set.
  std::optional<OptionValue> option(std::string const& name) const;
  // Its default, as the manual shows it.
  std::optional<OptionValue> default_of(std::string const& name) const;

  // What check() refused, "option: message" a line; empty if nothing. A pipeline with such a stage
  // does not run.
  std::string problems() const;
  // What it warned of, likewise.
  std::string warnings() const;

  // ---- Sources ----

  // The samples that next() returns, at most so many, with their places in the data set.
  std::vector<Sample> samples(std::uint64_t limit = UINT64_MAX);

  // One output of a source.
  template <class T>
  T produce(std::string const& output, Sample const& sample) const {
    auto const value = produced(output_port(output, PortType<T>::name), sample);
    if (!value) throw Error("sample \"" + sample.id + "\" has no output \"" + output + "\"");
    return *std::static_pointer_cast<T const>(value);
  }

  // Whether the sample has this output.
  bool has(std::string const& output, Sample const& sample) const;

  // ---- Transforms ----
  // Inputs come in the order of the declaration. std::nullopt or a null pointer leaves an optional
  // one unconnected, and those at the end may be left out. A stage whose only input is the sample
  // needs none. Whatever works on samples throws Error if check() refused the stage, except for
  // files that do not exist.

  // The default output. Throws Error if the stage declined the sample.
  template <class T, class... Inputs>
  T run(Sample const& sample, Inputs const&... inputs) {
    return output<T>("", sample, inputs...);
  }

  // The output of that name; of the default output if the name is empty.
  template <class T, class... Inputs>
  T output(std::string const& name, Sample const& sample, Inputs const&... inputs) {
    auto const port = output_port(name, PortType<T>::name);
    auto const values = call(sample, {input_of(inputs)...});
    if (!values) throw Error(stage_.name + " declined the sample \"" + sample.id + "\"");
    return *std::static_pointer_cast<T const>(values->at(port));
  }

  // Whether the stage declines the sample.
  template <class... Inputs>
  bool declines(Sample const& sample, Inputs const&... inputs) {
    return !call(sample, {input_of(inputs)...}).has_value();
  }

  // Why it returns what it returns. Throws Error if the stage has no explain().
  template <class... Inputs>
  Explanation explain(Sample const& sample, Inputs const&... inputs) const {
    return explained(sample, {input_of(inputs)...});
  }

  // ---- Sinks ----

  // Runs a sink for a sample. Its files are in files() afterwards.
  template <class... Inputs>
  void write(Sample const& sample, Inputs const&... inputs) {
    call_of(StageKind::sink, sample, {input_of(inputs)...});
  }
  Files const& files() const;
  // One of them as text. Throws Error, with the names of the files, if there is none of that name.
  std::string text(std::string const& file) const;

  // ---- Observers ----

  // Lets an observer work on a sample and fold its record; returns the row. A record that can be
  // saved is saved and loaded in between, as in a resumed run.
  template <class... Inputs>
  Row observe(Sample const& sample, Inputs const&... inputs) {
    return fold_reloaded(sample, call_of(StageKind::observer, sample, {input_of(inputs)...}));
  }
  // Folds a record that an instance returned.
  Row fold(Sample const& sample, void const* record);
  // The results over all samples so far. If the observer writes a file of the whole run, it is in
  // files() afterwards.
  Findings finish();

  // ---- Of every stage ----

  // The warnings of samples since this was last called.
  std::vector<Warning> warned();

 private:
  class Folder;
  class File;
  // A value and the name of its type; null for an input that is not connected.
  struct Input {
    void const* value;
    std::string_view type;
  };
  template <class T>
  static Input input_of(T const& value) {
    return {&value, PortType<T>::name};
  }
  template <class T>
  static Input input_of(T const* value) {
    return {value, PortType<T>::name};
  }
  static Input input_of(std::nullopt_t) { return {nullptr, {}}; }

  void set_options(std::string const& toml, std::vector<std::string>& given);
  void check(Setup const& setup, std::vector<std::string> given);
  std::size_t output_port(std::string const& name, std::string_view type) const;
  Value produced(std::size_t output, Sample const& sample) const;
  std::vector<void const*> ports_of(Sample const& sample, std::vector<Input> inputs) const;
  void require_accepted() const;
  Explanation explained(Sample const& sample, std::vector<Input> inputs) const;
  std::optional<std::vector<Value>> call(Sample const& sample, std::vector<Input> inputs);
  std::vector<Value> call_of(StageKind kind, Sample const& sample, std::vector<Input> inputs);
  Row fold_reloaded(Sample const& sample, std::vector<Value> const& record);

  StageDeclaration stage_;
  std::unique_ptr<StageInstance> instance_;
  std::vector<OptionCheck::Problem> problems_, warnings_;
  std::unique_ptr<Folder> folder_;
  std::unique_ptr<File> file_;  // of a whole run
  std::unique_ptr<Warnings> warned_;
};

// Throws Error, with the sentence that is expected to be true, unless it is: for tests without a
// framework. An exception that leaves main() is printed, and fails the test.
SEPLFLOW_API void require(bool holds, std::string const& sentence);

// A sample of PASCAL VOC's 21 classes.
SEPLFLOW_API Sample voc_sample(std::string id, std::optional<Size> size = std::nullopt);

}  // namespace seplflow::testing
