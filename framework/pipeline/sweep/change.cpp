#include "pipeline/sweep/change.hpp"

#include "pipeline/argument.hpp"
#include "pipeline/option_reader.hpp"

namespace seplflow {
namespace {

// "stage.option" for all stages that have the option.
std::vector<std::string> options_called(std::string const& option, SweepContext const& context) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < context.document.stages.size(); ++i) {
    if (context.find_option(i, option)) {
      found.push_back(context.document.stages[i].name + "." + option);
    }
  }
  return found;
}

// What to write instead of a key that does not name a stage.
std::string hint(std::string const& key, std::string const& stage, SweepContext const& context) {
  auto const options = options_called(key, context);
  return options.empty() ? suggestion(stage, context.document.stage_names())
                         : "; did you mean " + quoted_list(options) + "?";
}

// "stage.option=value" or "run.key=value"
void apply_override(Setting setting, SweepContext const& context) {
  Document& document = context.document;
  std::size_t const dot = setting.key.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == setting.key.size()) {
    std::string meant;
    for (std::string const& each : options_called(setting.key, context)) {
      meant += (meant.empty() ? "; write --set " : " or --set ") + each + "=" + *setting.raw;
    }
    context.complain(setting.place, "an override is written stage.option=value" +
                                        (meant.empty() ? ", for example select.t1=0.4" : meant));
    return;
  }
  std::string const stage = setting.key.substr(0, dot);
  setting.key.erase(0, dot + 1);
  setting.place.column += static_cast<std::uint32_t>(dot + 1);
  setting.value = document.add_value(*setting.raw);
  if (stage == "run") return replace(document.run, std::move(setting));
  if (auto const found = document.find_stage(stage)) {
    return replace(document.stages[*found].settings, std::move(setting));
  }
  std::vector<std::string> names = document.stage_names();
  names.insert(names.begin(), "run");
  context.complain({setting.place.source},
                   "the pipeline has no stage \"" + stage + "\"" + suggestion(stage, names));
}

}  // namespace

std::optional<std::string> SweepContext::text(Setting const& setting) const {
  return read_text(setting, request.environment, problems);
}

OptionDeclaration const* SweepContext::find_option(std::size_t stage,
                                                   std::string_view option) const {
  Setting const* const use = document.stages[stage].find("use");
  if (!use || !use->value) return nullptr;
  std::vector<Problem> reported_by_the_checker;
  auto const name = read_text(*use, request.environment, reported_by_the_checker);
  auto const* const declaration = name ? catalog.find(*name).declaration : nullptr;
  if (!declaration) return nullptr;
  auto const found = seplflow::find_option(*declaration, option);
  return found ? &declaration->options[*found] : nullptr;
}

void apply_overrides(SweepContext const& context) {
  std::size_t number = 0;
  for (std::string const& each : context.request.overrides) {
    apply_override(read_argument("--set", each, ++number, context.request.working_folder), context);
  }
}

std::optional<Change> read_target(std::string const& key, Place const& place,
                                  SweepContext const& context) {
  std::size_t const dot = key.find('.');
  std::string const stage = key.substr(0, dot);
  if (dot != std::string::npos && (dot == 0 || dot + 1 == key.size())) {
    context.complain(place, "\"" + key +
                                "\" does not name an option; write stage.option, or the name of "
                                "a stage alone");
    return std::nullopt;
  }
  if (stage == "run") {
    context.complain(place, "\"" + key +
                                "\" cannot be varied: the options of [run] are the same for all "
                                "variants");
    return std::nullopt;
  }
  auto const found = context.document.find_stage(stage);
  if (!found) {
    context.complain(place,
                     "the pipeline has no stage \"" + stage + "\"" + hint(key, stage, context));
    return std::nullopt;
  }
  Change target;
  target.stage = *found;
  if (dot != std::string::npos) target.option = key.substr(dot + 1);
  return target;
}

Change with_value(Change target, Setting const& value) {
  target.origin = value;
  if (!target.is_whole()) {
    target.settings = {value};
    target.settings[0].key = target.option;
    return target;
  }
  target.settings = settings_of(value);
  std::erase_if(target.settings, [](Setting const& each) { return each.key == "name"; });
  target.swaps = value.value->as_table()->contains("use");
  return target;
}

void forget(std::size_t stage, std::string const& key, Document& document) {
  StageEntry& entry = document.stages[stage];
  Setting setting;
  setting.key = key;
  setting.place = setting.value_place = entry.place;
  replace(entry.settings, std::move(setting));
}

}  // namespace seplflow
