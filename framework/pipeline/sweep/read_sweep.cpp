#include "pipeline/sweep/read_sweep.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

// ---- Overrides and what a key names ----

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
  if (stage == "sweep" && setting.key == "best_by") {
    document.best_by = std::move(setting);
    return;
  }
  if (auto const found = document.find_stage(stage)) {
    return replace(document.stages[*found].settings, std::move(setting));
  }
  std::vector<std::string> names = document.stage_names();
  names.insert(names.begin(), "run");
  context.complain({setting.place.source},
                   "the pipeline has no stage \"" + stage + "\"" + suggestion(stage, names));
}

// ---- [[variant]] ----

void read_name(Setting const& setting, NamedVariant& variant, SweepContext const& context) {
  variant.place = setting.value_place;
  auto const name = context.text(setting);
  if (!name) return;
  variant.name = folder_name(*name);
  if (name->empty() || *name == "." || *name == "..") {
    context.complain(
        setting.value_place,
        "a folder is named after the variant, so its name cannot be " + toml_string(*name));
  }
}

void refuse_twice(NamedVariant const& variant, Change const& change, SweepContext const& context) {
  for (Change const& other : variant.changes) {
    if (other.stage != change.stage) continue;
    for (Setting const& setting : change.settings) {
      if (!find(other.settings, setting.key)) continue;
      context.complain(
          setting.place,
          "the variant sets " + context.document.quoted(change.stage, setting.key) + " twice");
    }
  }
}

void read_changes(Setting const& set, NamedVariant& variant, SweepContext const& context) {
  if (!set.value->is_table()) {
    context.complain(set.value_place,
                     "\"set\" must be a table: set = { \"stage.option\" = value }");
    return;
  }
  for (Setting const& each : settings_of(set)) {
    auto const target = read_target(each.key, each.place, context);
    if (!target) continue;
    if (target->is_whole() && !each.value->is_table()) {
      context.complain(each.value_place, "\"" + each.key + "\" is a stage; set \"" + each.key +
                                             ".OPTION\", or give it a table of options");
      continue;
    }
    Change change = with_value(*target, each);
    refuse_twice(variant, change, context);
    variant.changes.push_back(std::move(change));
  }
  // As with axes, a single option replaces that of a table.
  std::ranges::stable_sort(variant.changes, std::greater(), &Change::is_whole);
}

NamedVariant read_variant(Setting const& table, SweepContext const& context) {
  NamedVariant variant;
  variant.place = table.value_place;
  auto const settings = settings_of(table);
  for (Setting const& each : settings) {
    if (each.key == "name") {
      read_name(each, variant, context);
    } else if (each.key == "set") {
      read_changes(each, variant, context);
    } else {
      context.complain(each.place, "a [[variant]] has no \"" + each.key + "\"" +
                                       did_you_mean(each.key, {"name", "set"}) +
                                       " (it has name and set = { \"stage.option\" = value })");
    }
  }
  if (!find(settings, "name")) {
    context.complain(variant.place, "the variant has no name; add name = \"...\"");
  }
  return variant;
}

void read_variants(Setting const& list, SweepContext const& context) {
  auto const* const tables = list.value->as_array();
  if (!tables || !std::ranges::all_of(*tables, [](auto const& each) { return each.is_table(); })) {
    context.complain(list.value_place, "\"variant\" must be a list of tables, written [[variant]]");
    return;
  }
  std::set<std::string> names;
  for (toml::node const& each : *tables) {
    NamedVariant variant = read_variant(element(list, each), context);
    if (!names.insert(variant.name).second && !variant.name.empty()) {
      context.complain(variant.place, "two variants are called \"" + variant.name + "\"");
    }
    context.document.variants.push_back(std::move(variant));
  }
}

// ---- Settings that --set, the axes and the [[variant]]s make twice ----

// Whether the change removes or replaces that setting.
bool covers(Change const& change, std::size_t stage, std::string const& key) {
  if (change.stage != stage) return false;
  return (change.swaps && key != "in" && key != "on_error") || find(change.settings, key);
}

bool covers(std::vector<Change> const& changes, std::size_t stage, std::string const& key) {
  return std::ranges::any_of(changes,
                             [&](Change const& change) { return covers(change, stage, key); });
}

// `setting` comes from --set.
void refuse_override(std::size_t stage, Setting const& setting, SweepContext const& context) {
  std::string const name = context.document.quoted(stage, setting.key);
  for (AxisEntry const& axis : context.document.axes) {
    if (!covers(axis.values, stage, setting.key)) continue;
    context.complain(
        setting.place,
        axis.is_whole()
            ? "the axis \"" + axis.key + "\" sets " + name + " too; change it there"
            : name + " is an axis of the sweep; to give it this one value, write --sweep " +
                  axis.key + "=" + setting.raw.value_or("..."));
  }
  for (NamedVariant const& variant : context.document.variants) {
    if (!covers(variant.changes, stage, setting.key)) continue;
    context.complain(setting.place,
                     "the variant \"" + variant.name + "\" sets " + name + " too; change it there");
  }
}

// Reports what an axis and something else set, at the place of the latter.
void refuse_both(Place const& place, std::size_t stage, std::string const& option,
                 std::string const& other, AxisEntry const& axis, SweepContext const& context) {
  context.complain(place, context.document.quoted(stage, option) + " is set by " + other +
                              " and by the axis \"" + axis.key + "\"; remove one of them");
}

void refuse_on_axes(NamedVariant const& variant, Change const& change,
                    SweepContext const& context) {
  for (Setting const& setting : change.settings) {
    for (AxisEntry const& axis : context.document.axes) {
      if (!covers(axis.values, change.stage, setting.key)) continue;
      refuse_both(setting.place, change.stage, setting.key, "the variant \"" + variant.name + "\"",
                  axis, context);
    }
  }
}

// An option with an axis of its own that the tables of another axis set, too: the name of a variant
// would have the value of the table, and the stage that of the axis.
void refuse_under_tables(AxisEntry const& axis, SweepContext const& context) {
  Change const& change = axis.values.front();
  for (AxisEntry const& whole : context.document.axes) {
    bool const is_set = std::ranges::any_of(whole.values, [&](Change const& table) {
      return table.is_whole() && table.stage == change.stage && find(table.settings, change.option);
    });
    if (is_set)
      refuse_both(axis.place, change.stage, change.option, "an axis of its own", whole, context);
  }
}

void refuse_contradictions(SweepContext const& context) {
  Document const& document = context.document;
  for (std::size_t stage = 0; stage < document.stages.size(); ++stage) {
    for (Setting const& setting : document.stages[stage].settings) {
      if (setting.from_argument()) refuse_override(stage, setting, context);
    }
  }
  for (AxisEntry const& axis : document.axes) refuse_under_tables(axis, context);
  for (NamedVariant const& variant : document.variants) {
    for (Change const& change : variant.changes) refuse_on_axes(variant, change, context);
  }
}

// ---- How many variants ----

constexpr std::uint64_t kManyVariants = 10'000;
// More than these do not fit into memory, whatever the user says.
constexpr std::uint64_t kMostVariants = 1'000'000;
constexpr std::uint64_t kUncountable = 1'000'000'000'000'000'000;

std::uint64_t size_of(AxisEntry const& axis) {
  return axis.range ? axis.range->count() : axis.values.size();
}

// Refuses, at the longest axis, more variants than anybody wants.
bool refuse_too_many(SweepContext const& context) {
  Document const& document = context.document;
  std::uint64_t count = std::max<std::uint64_t>(1, document.variants.size());
  for (AxisEntry const& axis : document.axes) {
    std::uint64_t const size = size_of(axis);
    count = size > kUncountable / count ? kUncountable : count * size;
  }
  if (count <= (context.request.any_number_of_variants ? kMostVariants : kManyVariants)) {
    return false;
  }
  auto const longest = std::ranges::max_element(document.axes, {}, size_of);
  std::string const number = count >= kUncountable ? "more than 10^18" : std::to_string(count);
  std::string const remark =
      count > kMostVariants
          ? "; at most " + std::to_string(kMostVariants) + " are possible"
          : ", more than " + std::to_string(kManyVariants) + "; pass --yes to run them anyway";
  context.complain(longest == document.axes.end() ? document.variants[0].place : longest->place,
                   "the sweep has " + number + " variants" + remark);
  return true;
}

void forget_all(Document& document) {
  auto const forget_settings = [&](std::vector<Change> const& changes) {
    for (Change const& change : changes) {
      for (Setting const& setting : change.settings) forget(change.stage, setting.key, document);
    }
  };
  for (AxisEntry const& axis : document.axes) forget_settings(axis.values);
  for (NamedVariant const& variant : document.variants) forget_settings(variant.changes);
  document.axes.clear();
  document.variants.clear();
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

void read_sweep(SweepContext const& context) {
  Document& document = context.document;
  read_axes(context);
  if (document.variant) read_variants(*document.variant, context);
  refuse_contradictions(context);
  if (refuse_too_many(context)) {
    forget_all(document);
    return;
  }
  for (AxisEntry& axis : document.axes) {
    if (axis.range) expand_range(axis, document);
    name_values(axis, context);
  }
}

}  // namespace seplflow
