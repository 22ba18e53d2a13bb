#include "catalog/python/python_stages.hpp"

#include <map>

#include <seplflow/error.hpp>
#include <seplflow/plugin.hpp>

#include "base/error_of.hpp"
#include "catalog/python/python_instance.hpp"
#include "catalog/python/values.hpp"

namespace seplflow {
namespace {

class PythonFactory final : public StageFactory {
 public:
  explicit PythonFactory(std::shared_ptr<PythonStage const> stage) : stage_(std::move(stage)) {}
  std::unique_ptr<StageInstance> make() const override {
    return std::make_unique<PythonInstance>(stage_);
  }

 private:
  std::shared_ptr<PythonStage const> stage_;
};

OptionType option_type_of(std::string const& name) {
  constexpr std::pair<std::string_view, OptionType> kTypes[] = {
      {"boolean", OptionType::boolean}, {"integer", OptionType::integer},
      {"number", OptionType::number},   {"text", OptionType::text},
      {"path", OptionType::path},       {"numbers", OptionType::numbers},
      {"texts", OptionType::texts},     {"integers", OptionType::integers}};
  for (auto const& [text, type] : kTypes) {
    if (text == name) return type;
  }
  throw Error("an option has the type \"" + name + "\"");
}

OptionValue option_value_of(OptionType type, PythonJson const& told) {
  switch (type) {
    case OptionType::boolean:
      return told.get<bool>();
    case OptionType::integer:
      return told.get<std::int64_t>();
    case OptionType::number:
      return told.get<double>();
    case OptionType::text:
    case OptionType::path:
      return told.get<std::string>();
    case OptionType::numbers:
      return told.get<std::vector<double>>();
    case OptionType::texts:
      return told.get<std::vector<std::string>>();
    case OptionType::integers:
      return told.get<std::vector<std::int64_t>>();
  }
  return {};
}

OptionDeclaration option_of(PythonJson const& told) {
  OptionDeclaration option;
  option.name = told.at("name");
  option.type = option_type_of(told.at("type"));
  option.help = told.at("help");
  option.required = told.at("required");
  if (told.contains("default"))
    option.default_value = option_value_of(option.type, told["default"]);
  return option;
}

OptionConstraint constraint_of(PythonJson const& told) {
  OptionConstraint constraint;
  if (told.contains("minimum")) constraint.minimum = told["minimum"].get<double>();
  if (told.contains("maximum")) constraint.maximum = told["maximum"].get<double>();
  if (told.contains("unit")) constraint.unit = told["unit"].get<std::string>();
  if (told.contains("choices"))
    constraint.choices = told["choices"].get<std::vector<std::string>>();
  if (told.contains("path_kind")) {
    constraint.path_kind = told["path_kind"] == "file" ? PathKind::file : PathKind::folder;
  }
  return constraint;
}

// Declares a stage, and so applies the rules that all stages obey.
class PythonStageBuilder final : public StageBuilderBase {
 public:
  PythonStageBuilder(PythonJson const& told, std::shared_ptr<PythonStage> const& stage)
      : StageBuilderBase(stage->name, told.at("summary").get<std::string>()) {
    declaration_.details = told.at("details");
    declaration_.kind = stage->kind;
    declaration_.inputs = stage->inputs;
    declaration_.outputs = stage->outputs;
    declaration_.ordered = stage->ordered;
    declaration_.serial = stage->ordered || told.at("serial");
    declaration_.folds = stage->kind == StageKind::observer;
    declaration_.library = stage->file;
    declaration_.factory = std::make_shared<PythonFactory>(stage);
    // The instance that an option's default is read from has the options so far.
    for (auto const& option : told.at("options")) {
      stage->options.push_back(option_of(option));
      OptionConstraint const constraint = constraint_of(option);
      add_option(stage->options.back(), nullptr, {&constraint});
    }
    for (OptionDeclaration const& option : options_of_python_stages()) {
      stage->options.push_back(option);
      add_option(option, nullptr, {});
    }
  }
};

StageKind kind_of(std::string const& name) {
  for (StageKind const kind :
       {StageKind::source, StageKind::transform, StageKind::observer, StageKind::sink}) {
    if (to_string(kind) == name) return kind;
  }
  throw Error("a stage has the kind \"" + name + "\"");
}

std::shared_ptr<PythonStage> stage_of(PythonJson const& told, std::filesystem::path const& file) {
  auto const stage = std::make_shared<PythonStage>();
  stage->file = file.string();
  stage->declared = std::make_shared<std::string const>(told.dump());
  stage->kind = kind_of(told.at("kind"));
  stage->name = told.at("name");
  stage->place = file.filename().string() + ":" + std::to_string(told.at("line").get<int>()) +
                 " (" + told.at("function").get<std::string>() + ")";
  for (auto const& port : told.at("inputs")) {
    stage->inputs.push_back(
        python_port(port.at("name"), port.at("type").get<std::string>(), port.at("optional")));
  }
  for (auto const& port : told.at("outputs")) {
    stage->outputs.push_back(
        python_port(port.at("name"), port.at("type").get<std::string>(), false));
  }
  stage->columns = told.at("columns").get<std::vector<std::string>>();
  stage->ordered = told.at("ordered");
  stage->any_size = told.at("any_size");
  stage->names_files = told.at("names_files");
  stage->counts_samples = told.at("counts_samples");
  return stage;
}

}  // namespace

PluginLibrary python_library(std::filesystem::path const& file, PythonFile const& python,
                             std::string const& declarations,
                             std::shared_ptr<WorkerPool> const& pool) {
  PluginLibrary library{pool, "", {}};
  auto const text = std::make_shared<std::string const>(python.text);
  try {
    std::map<std::string, int> count;
    auto const all = PythonJson::parse(declarations);
    for (auto const& told : all) ++count[told.at("name").get<std::string>()];
    for (auto const& told : all) {
      auto const stage = stage_of(told, std::filesystem::absolute(file));
      stage->pool = pool;
      stage->interpreter = python.interpreter;
      stage->text = text;
      try {
        if (count[stage->name] > 1) throw Error("the file declares it twice");
        library.stages.declared.push_back(PythonStageBuilder(told, stage).finish());
      } catch (Error const& error) {
        library.stages.rejected.push_back({stage->name, stage->place + ": " + error.what()});
      }
    }
  } catch (PythonJson::exception const& error) {
    throw Error(std::string("its declarations cannot be read: ") + error.what());
  }
  return library;
}

bool can_change_results(StageDeclaration const& stage, OptionDeclaration const& option) {
  // No stage has options of its own with these names.
  bool const is_about_processes = option.name == "timeout" || option.name == "workers";
  return !is_about_processes || !is_python(stage.library);
}

}  // namespace seplflow
