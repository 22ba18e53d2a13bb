#include <algorithm>

#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

// For users who write a list where one value belongs.
std::string how_to_sweep(Draft const& draft, OptionDeclaration const& option) {
  if (option.type == OptionType::numbers || option.type == OptionType::texts) return "";
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

class Configuration {
 public:
  Configuration(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
                std::vector<Problem>& warnings)
      : draft_(draft),
        stage_(draft.stage),
        environment_(environment),
        problems_(problems),
        warnings_(warnings) {}

  void configure() {
    if (!stage_.declaration) return;
    std::size_t const before = problems_.size();
    if (auto const error = error_of([&] { stage_.instance = stage_.declaration->make(); })) {
      complain(draft_.entry->place, label_of(draft_) + " cannot be created: " + *error);
      return;
    }
    for (Setting const& setting : draft_.entry->settings) {
      if (setting.key != "use" && setting.key != "in") set_option(setting);
    }
    for (OptionDeclaration const& option : stage_.declaration->options) {
      if (option.required && std::ranges::find(given_, option.name) == given_.end()) {
        complain(draft_.entry->place, label_of(draft_) + " needs the option \"" + option.name +
                                          "\" (" + accepted_values(option) + "): " + option.help);
      }
    }
    if (all_known_ && problems_.size() == before) check_stage();
  }

 private:
  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void set_option(Setting const& setting) {
    StageDeclaration const& declaration = *stage_.declaration;
    auto const option = find_option(declaration, setting.key);
    if (setting.value && setting.key == "on_error") {
      set_on_error(setting);
      return;
    }
    if (setting.value && !option) {
      problems_.push_back(unknown_option(draft_, setting));
      return;
    }
    given_.push_back(setting.key);
    if (!setting.value) {
      all_known_ = false;
      return;
    }
    auto const value = read_option(setting, declaration.options[*option], label_of(draft_),
                                   environment_, problems_);
    if (value) {
      stage_.instance->set_option(*option, *value);
    } else if (setting.value->is_array()) {
      problems_.back().message += how_to_sweep(draft_, declaration.options[*option]);
    }
  }

  void set_on_error(Setting const& setting) {
    auto const& option = *find_run_option("on_error");
    auto const value =
        read_option(setting, option.declaration, label_of(draft_), environment_, problems_);
    if (value) stage_.on_error = on_error_choices().value_of(std::get<std::string>(*value));
  }

  void check_stage() {
    StageInstance& instance = *stage_.instance;
    OptionCheck check = option_check(stage_, std::move(given_));
    auto const error = error_of([&] {
      instance.check(check);
      stage_.columns = instance.columns();
      stage_.list_file = instance.list_file();
      stage_.count = instance.count();
    });
    if (error) check.refuse("", *error);
    report(check.problems(), problems_);
    report(check.warnings(), warnings_);
    draft_.configured =
        std::ranges::all_of(check.problems(), &OptionCheck::Problem::is_missing_file);
  }

  // At the option's place in the file, or at the stage's.
  void report(std::vector<OptionCheck::Problem> const& found,
              std::vector<Problem>& reported) const {
    for (OptionCheck::Problem const& problem : found) {
      Setting const* const setting = draft_.entry->find(problem.option);
      Place const& place = setting ? setting->value_place : draft_.entry->place;
      reported.push_back({place, label_of(draft_) + ": " + problem.message});
    }
  }

  Draft& draft_;
  PipelineStage& stage_;
  Environment const& environment_;
  std::vector<Problem>& problems_;
  std::vector<Problem>& warnings_;
  std::vector<std::string> given_;  // names of options
  bool all_known_ = true;           // false if an error in a setting was reported before
};

}  // namespace

void configure_stage(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
                     std::vector<Problem>& warnings) {
  Configuration(draft, environment, problems, warnings).configure();
}

std::shared_ptr<StageInstance> configured_anew(PipelineStage const& stage) {
  StageDeclaration const& declaration = *stage.declaration;
  std::shared_ptr<StageInstance> instance = declaration.make();
  std::vector<std::string> given;
  for (std::size_t i = 0; i < declaration.options.size(); ++i) {
    auto const value = stage.instance->option(i);
    if (!value) continue;
    instance->set_option(i, *value);
    given.push_back(declaration.options[i].name);
  }
  OptionCheck check = option_check(stage, std::move(given));
  instance->check(check);
  if (check.problems().empty()) return instance;
  throw Error("stage \"" + stage.name + "\": " + check.problems().front().message);
}

}  // namespace seplflow
