#include "pipeline/sweep/change.hpp"

#include "pipeline/option_reader.hpp"

namespace seplflow {
namespace {

// What to write instead of a key that does not name a stage.
std::string hint(std::string const& key, std::string const& stage, SweepContext const& context) {
  std::vector<std::string> const stages = context.document.stage_names();
  std::vector<std::string> options;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (context.find_option(i, key)) options.push_back(stages[i] + "." + key);
  }
  return options.empty() ? suggestion(stage, stages)
                         : "; did you mean " + quoted_list(options) + "?";
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
