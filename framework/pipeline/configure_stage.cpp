#include <algorithm>
#include <set>

#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

// For users who write a list where one value belongs.
std::string how_to_sweep(Draft const& draft, OptionDeclaration const& option) {
  if (is_list(option.type)) return "";
  std::string const axis = draft.stage.name + "." + option.name;
  return "; to try several values, sweep them: \"" + axis +
         "\" = [A, B] under [sweep], or --sweep " + axis + "=A,B";
}

Problem unknown_option(Draft const& draft, Setting const& setting) {
  StageDeclaration const& declaration = *draft.stage.declaration;
  std::vector<std::string> names = {"use", "in", "on_error"};
  for (OptionDeclaration const& option : declaration.options) names.push_back(option.name);
  std::string message =
      label_of(draft) + " has no option \"" + setting.key + "\"" + did_you_mean(setting.key, names);
  auto const name = nearest_name(setting.key, names);
  if (!name) {
    message += " (it has " + quoted_list(names) + ")";
  } else if (auto const option = find_option(declaration, *name)) {
    message += " (" + describe_option(declaration.options[*option]) + ")";
  }
  return {setting.place, std::move(message)};
}

// For a stage of which the options `given` are set.
OptionCheck option_check(PipelineStage const& stage, std::vector<std::string> given) {
  std::vector<std::string> connected, wanted;
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.inputs[i]) connected.push_back(stage.declaration->inputs[i].name);
  }
  for (std::size_t i = 0; i < stage.wanted.size(); ++i) {
    if (stage.wanted[i]) wanted.push_back(stage.declaration->outputs[i].name);
  }
  return OptionCheck(std::move(given), std::move(connected), std::move(wanted));
}

// Records the files that `check`, the check of the stage, reads. Throws Error when one of them
// changes meanwhile.
template <class Check>
FilesRead::States files_read_by(Check const& check, PipelineStage const& stage) {
  FilesRead const read;
  auto const& options = stage.declaration->options;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].type != OptionType::path) continue;
    auto const value = stage.instance->option(i);
    std::error_code unknown;
    if (!value || !std::filesystem::is_regular_file(std::get<std::string>(*value), unknown)) {
      continue;
    }
    std::filesystem::path const file = std::get<std::string>(*value);
    FilesRead::record(file, state_of(file));
  }
  check();
  for (auto const& [file, state] : read.states()) {
    if (state_of(file) == state) continue;
    throw Error(file.string() + " changed while it was read; check the pipeline again");
  }
  return read.states();
}

struct Configuration {
  Draft& draft;
  Environment const& environment;
  std::vector<Problem>& problems;
  std::vector<Problem>& warnings;
  PipelineStage& stage = draft.stage;
  std::vector<Setting> settings = {};
  std::vector<std::string> given = {};  // names of options
  bool all_known = true;                // false if an error in a setting was reported before

  void configure() {
    if (!stage.declaration) return;
    std::size_t const before = problems.size();
    if (auto const error = error_of([&] { stage.instance = stage.declaration->make(); })) {
      complain(draft.entry->place, label_of(draft) + " cannot be created: " + *error);
      return;
    }
    settings = option_settings(*stage.declaration, draft.entry->settings);
    for (Setting const& setting : settings) {
      if (setting.key != "use" && setting.key != "in") set_option(setting);
    }
    for (OptionDeclaration const& option : stage.declaration->options) {
      if (option.required && std::ranges::find(given, option.name) == given.end()) {
        complain(draft.entry->place, label_of(draft) + " needs the option \"" + option.name +
                                         "\" (" + accepted_values(option) + "): " + option.help);
      }
    }
    if (all_known && problems.size() == before) check_stage();
  }

  void complain(Place const& place, std::string message) {
    problems.push_back({place, std::move(message)});
  }

  void set_option(Setting const& setting) {
    StageDeclaration const& declaration = *stage.declaration;
    auto const option = find_option(declaration, setting.key);
    if (setting.value && setting.key == "on_error") {
      set_on_error(setting);
      return;
    }
    if (setting.value && !option) {
      problems.push_back(unknown_option(draft, setting));
      return;
    }
    given.push_back(setting.key);
    if (!setting.value) {
      all_known = false;
      return;
    }
    auto const value =
        read_option(setting, declaration.options[*option], label_of(draft), environment, problems);
    if (value) {
      stage.instance->set_option(*option, *value);
    } else if (setting.value->is_array()) {
      problems.back().message += how_to_sweep(draft, declaration.options[*option]);
    }
  }

  void set_on_error(Setting const& setting) {
    auto const& option = *find_run_option("on_error");
    auto const value =
        read_option(setting, option.declaration, label_of(draft), environment, problems);
    if (value) stage.on_error = on_error_choices().value_of(std::get<std::string>(*value));
  }

  void check_stage() {
    StageInstance& instance = *stage.instance;
    OptionCheck check = option_check(stage, std::move(given));
    auto const error = error_of([&] {
      stage.files_read = files_read_by([&] { instance.check(check); }, stage);
      stage.columns = instance.columns();
      stage.list_file = instance.list_file();
      stage.run_file = instance.run_file();
      stage.count = instance.count();
    });
    if (error) check.refuse("", *error);
    std::set<std::string> columns;
    for (std::string const& column : stage.columns) {
      if (columns.insert(column).second) continue;
      check.refuse("", "it has two columns of the name \"" + column + "\"");
    }
    refuse_unsafe(stage.list_file, "list", check);
    refuse_unsafe(stage.run_file, "file", check);
    stage.relies_on = check.relied_on();
    report(check.problems(), problems);
    report(check.warnings(), warnings);
    stage.expectations = check.expectations();
    draft.configured =
        std::ranges::all_of(check.problems(), &OptionCheck::Problem::is_missing_file);
  }

  static void refuse_unsafe(std::filesystem::path const& file, std::string const& what,
                            OptionCheck& check) {
    if (file.empty()) return;
    if (auto const unsafe = why_unsafe_id(file.string())) {
      check.refuse("", "the name of its " + what + ", \"" + file.string() + "\", " + *unsafe);
    }
  }

  // At the option's place in the file, or at the stage's.
  void report(std::vector<OptionCheck::Problem> const& found,
              std::vector<Problem>& reported) const {
    for (OptionCheck::Problem const& problem : found) {
      Setting const* const setting = find(settings, problem.option);
      Place const& place = setting ? setting->value_place : draft.entry->place;
      reported.push_back({place, label_of(draft) + ": " + problem.message});
    }
  }
};

}  // namespace

void configure_stage(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
                     std::vector<Problem>& warnings) {
  Configuration{draft, environment, problems, warnings}.configure();
}

std::shared_ptr<StageInstance> configured_anew(
    PipelineStage const& stage, std::vector<std::pair<std::size_t, OptionValue>> const& changed) {
  StageDeclaration const& declaration = *stage.declaration;
  std::shared_ptr<StageInstance> instance = declaration.make();
  std::vector<std::string> given;
  for (std::size_t i = 0; i < declaration.options.size(); ++i) {
    auto value = stage.instance->option(i);
    for (auto const& [option, other] : changed) {
      if (option == i) value = other;
    }
    if (!value) continue;
    instance->set_option(i, *value);
    given.push_back(declaration.options[i].name);
  }
  OptionCheck check = option_check(stage, std::move(given));
  auto const files = files_read_by([&] { instance->check(check); }, stage);
  for (auto const& [file, state] : files) {
    auto const before = stage.files_read.find(file);
    if (before == stage.files_read.end() || before->second == state) continue;
    throw Error(file.string() + " has changed since the run began; resume the run to use the file "
                "as it is now");
  }
  if (check.problems().empty()) return instance;
  throw Error("stage \"" + stage.name + "\": " + check.problems().front().message);
}

}  // namespace seplflow
