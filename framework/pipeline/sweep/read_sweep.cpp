#include "pipeline/sweep/read_sweep.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "pipeline/option_text.hpp"
#include "pipeline/sweep/names.hpp"
#include "pipeline/sweep/read_axes.hpp"

namespace seplflow {
namespace {

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
