#include "pipeline/sweep/change.hpp"

#include "pipeline/option_reader.hpp"

namespace seplflow {

std::optional<std::string> SweepContext::text(Setting const& setting) const {
  return read_text(setting, request.environment, problems);
}

std::optional<Target> read_target(std::string const& key, Place const& place,
                                  SweepContext const& context) {
  std::size_t const dot = key.find('.');
  std::string const stage = key.substr(0, dot);
  if (dot != std::string::npos && (dot == 0 || dot + 1 == key.size())) {
    context.complain(place,
                     "\"" + key + "\" names no option; write stage.option, or a stage alone");
    return std::nullopt;
  }
  if (stage == "run") {
    context.complain(place, "the options of [run] are the same for all variants; \"" + key +
                                "\" cannot be varied");
    return std::nullopt;
  }
  auto const found = context.document.find_stage(stage);
  if (!found) {
    context.complain(place, "the pipeline has no stage \"" + stage + "\"" +
                                suggestion(stage, context.document.stage_names()));
    return std::nullopt;
  }
  return Target{*found, dot == std::string::npos ? "" : key.substr(dot + 1)};
}

Change option_change(Setting const& value, Target const& target) {
  Change change;
  change.stage = target.stage;
  change.origin = value;
  change.settings = {value};
  change.settings[0].key = target.option;
  return change;
}

Change table_change(Setting const& table, std::size_t stage) {
  Change change;
  change.stage = stage;
  change.origin = table;
  change.settings = settings_of(table);
  std::erase_if(change.settings, [](Setting const& each) { return each.key == "name"; });
  change.swaps = table.value->as_table()->contains("use");
  return change;
}

void forget(Target const& target, Document& document) {
  StageEntry& stage = document.stages[target.stage];
  Setting setting;
  setting.key = target.is_whole() ? "use" : target.option;
  setting.place = setting.value_place = stage.place;
  replace(stage.settings, std::move(setting));
}

void forget(Change const& change, Document& document) {
  for (Setting const& setting : change.settings) {
    forget(Target{change.stage, setting.key}, document);
  }
}

}  // namespace seplflow
