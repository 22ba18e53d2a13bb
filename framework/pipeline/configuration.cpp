#include "pipeline/configuration.hpp"

#include <algorithm>

#include "base/error_of.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/run_options.hpp"

namespace seplflow {
namespace {

class Configuration {
 public:
  Configuration(Environment const& environment, std::vector<Problem>& problems,
                std::vector<Problem>& warnings)
      : environment_(environment), problems_(problems), warnings_(warnings) {}

  void configure(Draft& draft) {
    if (!draft.stage.declaration) return;
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::size_t const before = problems_.size();
    bool all_known = true;
    std::vector<std::string> given;
    if (auto const error = error_of([&] { draft.stage.instance = declaration.make(); })) {
      complain(draft.entry->place, owner(draft) + " cannot be made: " + *error);
      return;
    }
    for (Setting const& setting : draft.entry->settings) {
      if (setting.key == "use" || setting.key == "in") continue;
      if (!setting.value) {
        all_known = false;
        given.push_back(setting.key);
      } else if (setting.key == "on_error") {
        set_on_error(draft, setting);
      } else if (auto const option = find_option(declaration, setting.key)) {
        auto const value = read_option(setting, declaration.options[*option], owner(draft),
                                       environment_, problems_);
        if (value) {
          draft.stage.instance->set_option(*option, *value);
        } else if (setting.value->is_array()) {
          problems_.back().message += how_to_sweep(draft, declaration.options[*option]);
        }
        given.push_back(setting.key);
      } else {
        refuse_unknown(draft, setting);
      }
    }
    for (OptionDeclaration const& option : declaration.options) {
      if (option.required && std::ranges::find(given, option.name) == given.end()) {
        complain(draft.entry->place, owner(draft) + " needs the option \"" + option.name + "\" (" +
                                         takes(option) + "): " + option.help);
      }
    }
    if (all_known && problems_.size() == before) let_it_check(draft, std::move(given));
  }

 private:
  // For whoever gave a list where one value belongs.
  static std::string how_to_sweep(Draft const& draft, OptionDeclaration const& option) {
    if (option.type == OptionType::numbers || option.type == OptionType::texts) return "";
    std::string const axis = draft.stage.name + "." + option.name;
    return "; to try several values, sweep them: \"" + axis +
           "\" = [A, B] under [sweep], or --sweep " + axis + "=A,B";
  }

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void set_on_error(Draft& draft, Setting const& setting) {
    auto const& option = *find_run_option("on_error");
    RunSettings settings;
    if (auto const value =
            read_option(setting, option.declaration, owner(draft), environment_, problems_)) {
      option.set(settings, *value);
      draft.stage.on_error = settings.on_error;
    }
  }

  void refuse_unknown(Draft const& draft, Setting const& setting) {
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::vector<std::string> names = {"use", "in", "on_error"};
    for (OptionDeclaration const& option : declaration.options) names.push_back(option.name);
    std::string message =
        owner(draft) + " has no option \"" + setting.key + "\"" + did_you_mean(setting.key, names);
    auto const name = nearest(setting.key, names);
    if (!name) {
      message += " (it has " + quoted_list(names) + ")";
    } else if (auto const option = find_option(declaration, *name)) {
      message += " (" + describe(declaration.options[*option]) + ")";
    }
    complain(setting.place, std::move(message));
  }

  void let_it_check(Draft& draft, std::vector<std::string> given) {
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::vector<std::string> connected, wanted;
    for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
      if (draft.stage.inputs[i]) connected.push_back(declaration.inputs[i].name);
    }
    for (std::size_t i = 0; i < draft.stage.wanted.size(); ++i) {
      if (draft.stage.wanted[i]) wanted.push_back(declaration.outputs[i].name);
    }
    OptionCheck check(std::move(given), std::move(connected), std::move(wanted));
    auto const error = error_of([&] {
      draft.stage.instance->check(check);
      draft.stage.columns = draft.stage.instance->columns();
      draft.stage.list_file = draft.stage.instance->list_file();
      draft.stage.count = draft.stage.instance->count();
    });
    if (error) check.refuse("", *error);
    tell(draft, check.problems(), problems_);
    tell(draft, check.warnings(), warnings_);
    draft.configured =
        std::ranges::all_of(check.problems(), [](auto const& problem) { return problem.is_lack; });
  }

  static void tell(Draft const& draft, std::vector<OptionCheck::Problem> const& said,
                   std::vector<Problem>& told) {
    for (OptionCheck::Problem const& problem : said) {
      Setting const* const setting = draft.entry->find(problem.option);
      Place const& place = setting ? setting->value_place : draft.entry->place;
      told.push_back({place, owner(draft) + ": " + problem.message});
    }
  }

  Environment const& environment_;
  std::vector<Problem>& problems_;
  std::vector<Problem>& warnings_;
};

}  // namespace

void configure(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
               std::vector<Problem>& warnings) {
  Configuration(environment, problems, warnings).configure(draft);
}

}  // namespace seplflow
