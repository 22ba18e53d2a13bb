#include <seplflow/testing.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "pipeline/environment.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow::testing {
namespace {

StageDeclaration declared_stage(std::function<void(Plugin&)> const& declare,
                                std::string const& name) {
  Plugin plugin;
  declare(plugin);
  auto [declared, rejected] = plugin.finish();
  std::vector<std::string> names;
  for (auto const& [stage, reason] : rejected) {
    if (name.empty() || stage == name) throw Error("stage " + stage + ": " + reason);
    names.push_back(stage);
  }
  for (StageDeclaration& stage : declared) {
    if (stage.name == name || (name.empty() && declared.size() == 1)) return std::move(stage);
    names.push_back(stage.name);
  }
  throw Error("the plugin does not declare one stage \"" + name + "\"" + suggestion(name, names));
}

std::string lines_of(std::vector<OptionCheck::Problem> const& problems) {
  std::string text;
  for (auto const& problem : problems) text += problem.option + ": " + problem.message + "\n";
  return text;
}

[[noreturn]] void refuse(Place const& place, std::string message) {
  throw PipelineError({{place, std::move(message)}});
}

// The table of the options; its settings have places in `source`.
toml::table parsed(std::shared_ptr<SourceText const> const& source) {
  try {
    return toml::parse(source->text, source->name);
  } catch (toml::parse_error const& error) {
    auto const& place = error.source().begin;
    refuse({source, place.line, place.column}, syntax_error(error, *source));
  }
}

}  // namespace

// Keeps the files of a sink in memory. It refuses the paths that a run folder refuses.
class StageKit::Folder final : public OutputFolder {
 public:
  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) override {
    if (auto const unsafe = why_unsafe_id(file.string())) {
      throw Error("the file \"" + file.string() + "\" " + *unsafe);
    }
    files[file.string()].assign(bytes.begin(), bytes.end());
  }
  Files files;
};

// The file of an observer: in memory, unless the stage asks for its path.
class StageKit::File final : public RunFile {
 public:
  ~File() override {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  void write(std::span<std::uint8_t const> added) override {
    bytes_.insert(bytes_.end(), added.begin(), added.end());
  }
  std::filesystem::path path() override {
    if (path_.empty()) {
      std::string name = (std::filesystem::temp_directory_path() / "seplflow-XXXXXX").string();
      int const descriptor = ::mkstemp(name.data());
      if (descriptor < 0) throw Error("cannot create the file " + name);
      ::close(descriptor);
      path_ = name;
    }
    return path_;
  }
  RunFile& beside(std::filesystem::path const& file) override { return beside_[file.string()]; }
  std::map<std::string, File> const& others() const { return beside_; }
  std::vector<std::uint8_t> bytes() const {
    if (path_.empty()) return bytes_;
    std::ifstream stream(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::filesystem::path path_;
  std::map<std::string, File> beside_;
};

StageKit::StageKit(std::function<void(Plugin&)> const& declare, std::string const& name,
                   Setup const& setup)
    : stage_(declared_stage(declare, name)),
      instance_(stage_.make()),
      folder_(std::make_unique<Folder>()),
      file_(std::make_unique<File>()),
      warned_(std::make_unique<Warnings>()) {
  std::vector<std::string> given;
  set_options(setup.options, given);
  check(setup, std::move(given));
}

StageKit::~StageKit() = default;
StageKit::StageKit(StageKit&&) noexcept = default;

void StageKit::set_options(std::string const& toml, std::vector<std::string>& given) {
  auto const source = std::make_shared<SourceText>(SourceText{"options", toml});
  toml::table const table = parsed(source);
  Setting whole;
  whole.place = whole.value_place = {source};
  whole.value = &table;
  whole.base = std::filesystem::current_path();
  std::vector<std::string> names;
  for (OptionDeclaration const& option : stage_.options) names.push_back(option.name);
  std::vector<Problem> problems;
  for (Setting const& setting : option_settings(stage_, settings_of(whole))) {
    auto const option = find_option(stage_, setting.key);
    if (!option) {
      refuse(setting.place, stage_.name + " has no option \"" + setting.key + "\"" +
                                suggestion(setting.key, names));
    }
    auto const value =
        read_option(setting, stage_.options[*option], stage_.name, process_environment(), problems);
    if (value) instance_->set_option(*option, *value);
    given.push_back(setting.key);
  }
  if (!problems.empty()) throw PipelineError(std::move(problems));
  for (OptionDeclaration const& option : stage_.options) {
    if (!option.required || std::ranges::count(given, option.name) > 0) continue;
    throw Error(stage_.name + " needs the option \"" + option.name + "\" (" +
                accepted_values(option) + "): " + option.help);
  }
}

void StageKit::check(Setup const& setup, std::vector<std::string> given) {
  std::vector<std::string> connected = setup.inputs;
  for (Port const& input : stage_.inputs) {
    if (!input.optional) connected.push_back(input.name);
  }
  for (std::string const& input : setup.inputs) {
    if (!find_port(stage_.inputs, input)) throw Error(stage_.name + " has no input " + input);
  }
  for (std::string const& output : setup.outputs) {
    if (!find_port(stage_.outputs, output)) throw Error(stage_.name + " has no output " + output);
  }
  OptionCheck check(std::move(given), std::move(connected), setup.outputs);
  instance_->check(check);
  problems_ = check.problems();
  warnings_ = check.warnings();
}

std::optional<OptionValue> StageKit::option(std::string const& name) const {
  auto const option = find_option(stage_, name);
  if (!option) throw Error(stage_.name + " has no option \"" + name + "\"");
  return instance_->option(*option);
}

std::optional<OptionValue> StageKit::default_of(std::string const& name) const {
  auto const option = find_option(stage_, name);
  if (!option) throw Error(stage_.name + " has no option \"" + name + "\"");
  return stage_.options[*option].default_value;
}

std::string StageKit::problems() const {
  return lines_of(problems_);
}

std::string StageKit::warnings() const {
  return lines_of(warnings_);
}

std::vector<Sample> StageKit::samples(std::uint64_t limit) {
  std::vector<Sample> samples;
  while (samples.size() < limit) {
    auto sample = instance_->next();
    if (!sample) break;
    sample->index = samples.size();
    samples.push_back(std::move(*sample));
  }
  return samples;
}

Files const& StageKit::files() const {
  return folder_->files;
}

std::string StageKit::text(std::string const& file) const {
  auto const found = folder_->files.find(file);
  if (found != folder_->files.end()) return {found->second.begin(), found->second.end()};
  std::string names;
  for (auto const& [name, bytes] : folder_->files) names += (names.empty() ? "" : ", ") + name;
  throw Error(stage_.name + " wrote no file \"" + file + "\"; it wrote " +
              (names.empty() ? "none" : names));
}

std::vector<Warning> StageKit::warned() {
  return warned_->take();
}

std::size_t StageKit::output_port(std::string const& name, std::string_view type) const {
  auto const port = name.empty() ? std::optional<std::size_t>(0) : find_port(stage_.outputs, name);
  if (!port || *port >= stage_.outputs.size()) {
    throw Error(stage_.name + " has no output" + (name.empty() ? "" : " \"" + name + "\""));
  }
  Port const& output = stage_.outputs[*port];
  if (output.type == type) return *port;
  throw Error("the output \"" + output.name + "\" of " + stage_.name + " is of type " +
              output.type + ", not " + std::string(type));
}

Value StageKit::produced(std::size_t output, Sample const& sample) const {
  return instance_->produce(output, SampleContext(sample, nullptr, warned_.get()));
}

bool StageKit::has(std::string const& output, Sample const& sample) const {
  auto const port = find_port(stage_.outputs, output);
  if (!port) throw Error(stage_.name + " has no output \"" + output + "\"");
  return produced(*port, sample) != nullptr;
}

// The inputs as the stage takes them. The input of a stage that only loads is the sample itself.
std::vector<void const*> StageKit::ports_of(Sample const& sample, std::vector<Input> inputs) const {
  bool const takes_sample =
      !stage_.inputs.empty() && stage_.inputs[0].type == PortType<Sample>::name;
  if (inputs.empty() && takes_sample) inputs.push_back({&sample, PortType<Sample>::name});
  if (inputs.size() > stage_.inputs.size()) {
    throw Error(stage_.name + " has only " + std::to_string(stage_.inputs.size()) +
                " inputs; the test passes " + std::to_string(inputs.size()));
  }
  inputs.resize(stage_.inputs.size(), Input{nullptr, {}});
  std::vector<void const*> values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Port const& port = stage_.inputs[i];
    if (!inputs[i].value && !port.optional) {
      throw Error("the input \"" + port.name + "\" of " + stage_.name + " is missing");
    }
    if (inputs[i].value && inputs[i].type != port.type) {
      throw Error("the input \"" + port.name + "\" of " + stage_.name + " is of type " + port.type +
                  ", not " + std::string(inputs[i].type));
    }
    values.push_back(inputs[i].value);
  }
  return values;
}

void StageKit::require_accepted() const {
  for (auto const& problem : problems_) {
    if (!problem.is_missing_file) throw Error("check() refused the stage: " + problems());
  }
}

Explanation StageKit::explained(Sample const& sample, std::vector<Input> inputs) const {
  require_accepted();
  if (!instance_->explains()) throw Error(stage_.name + " has no explain()");
  SampleContext const context(sample, nullptr, warned_.get());
  return instance_->explain(context, ports_of(sample, std::move(inputs)));
}

std::optional<std::vector<Value>> StageKit::call(Sample const& sample, std::vector<Input> inputs) {
  require_accepted();
  auto const values = ports_of(sample, std::move(inputs));
  bool const is_sink = stage_.kind == StageKind::sink;
  SampleContext const context(sample, is_sink ? folder_.get() : nullptr, warned_.get());
  warned_->take_counts();  // those of the call before
  return instance_->run(context, values);
}

std::vector<Value> StageKit::call_of(StageKind kind, Sample const& sample,
                                     std::vector<Input> inputs) {
  bool const observes = kind == StageKind::observer && stage_.folds;
  if (stage_.kind != kind && !observes) {
    throw Error("the kind of " + stage_.name + " is " + std::string(to_string(stage_.kind)) +
                ", not " + std::string(to_string(kind)));
  }
  return call(sample, std::move(inputs)).value();
}

Row StageKit::fold_reloaded(Sample const& sample, std::vector<Value> const& record) {
  Value value = record.at(0);
  // A stage that keeps a state has nothing to load before it has folded.
  auto const bytes = stage_.keeps_state ? std::nullopt : instance_->save(value.get());
  if (bytes) value = instance_->load(*bytes);
  return fold(sample, value.get());
}

Row StageKit::fold(Sample const& sample, void const* record) {
  return instance_->fold(sample, record, *file_);
}

Findings StageKit::finish() {
  Findings findings = instance_->finish(*file_);
  auto const name = instance_->run_file();
  if (!name.empty()) folder_->files[name.string()] = file_->bytes();
  for (auto const& [other, file] : file_->others()) folder_->files[other] = file.bytes();
  return findings;
}

void require(bool holds, std::string const& sentence) {
  if (!holds) throw Error("not true: " + sentence);
}

Sample voc_sample(std::string id, std::optional<Size> size) {
  Sample sample;
  sample.id = std::move(id);
  sample.classes = voc12_classes();
  sample.size = size;
  return sample;
}

}  // namespace seplflow::testing
