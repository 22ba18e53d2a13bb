#include "pipeline/sweep/contradictions.hpp"

#include <algorithm>

namespace seplflow {
namespace {

// Whether the change leaves nothing of that setting.
bool covers(Change const& change, std::size_t stage, std::string const& key) {
  if (change.stage != stage) return false;
  if (change.swaps && key != "in" && key != "on_error") return true;
  return std::ranges::find(change.settings, key, &Setting::key) != change.settings.end();
}

bool covers(AxisEntry const& axis, std::size_t stage, std::string const& key) {
  if (axis.range) return covers(axis.range->change, stage, key);
  return std::ranges::any_of(
      axis.values, [&](AxisValue const& value) { return covers(value.change, stage, key); });
}

void refuse_override(StageOverride const& override, SweepContext const& context) {
  auto const& [stage, setting] = override;
  std::string const name = context.document.quoted(stage, setting.key);
  for (AxisEntry const& axis : context.document.axes) {
    if (!covers(axis, stage, setting.key)) continue;
    context.complain(
        setting.place,
        axis.is_whole()
            ? "the axis \"" + axis.key + "\" of the sweep sets " + name + " too; change it there"
            : name + " is an axis of the sweep; give it this one value by --sweep " + axis.key +
                  "=" + setting.raw.value_or("..."));
  }
  for (NamedVariant const& variant : context.document.variants) {
    for (Change const& change : variant.changes) {
      if (!covers(change, stage, setting.key)) continue;
      context.complain(setting.place, "the variant \"" + variant.name + "\" sets " + name +
                                          " itself; change it there");
    }
  }
}

void refuse_on_axes(NamedVariant const& variant, Change const& change, Setting const& setting,
                    SweepContext const& context) {
  for (AxisEntry const& axis : context.document.axes) {
    if (!covers(axis, change.stage, setting.key)) continue;
    context.complain(setting.place, context.document.quoted(change.stage, setting.key) +
                                        " is set by the variant \"" + variant.name +
                                        "\" and by the axis \"" + axis.key +
                                        "\"; leave one of them out");
  }
}

// An option that a table sets and an axis of its own too: the axis would win, under the name of the
// table.
void refuse_under_tables(AxisEntry const& axis, SweepContext const& context) {
  if (axis.is_whole()) return;
  std::size_t const stage =
      axis.range ? axis.range->change.stage : axis.values.front().change.stage;
  std::string const option = axis.key.substr(axis.key.find('.') + 1);
  for (AxisEntry const& whole : context.document.axes) {
    if (!whole.is_whole() || whole.range) continue;
    for (AxisValue const& value : whole.values) {
      Change const& change = value.change;
      if (change.stage != stage) continue;
      if (std::ranges::find(change.settings, option, &Setting::key) == change.settings.end()) {
        continue;
      }
      context.complain(axis.place, context.document.quoted(stage, option) +
                                       " is an axis, and the axis \"" + whole.key +
                                       "\" sets it too; leave one of them out");
      return;
    }
  }
}

}  // namespace

void refuse_contradictions(std::vector<StageOverride> const& overrides,
                           SweepContext const& context) {
  for (StageOverride const& override : overrides) refuse_override(override, context);
  for (AxisEntry const& axis : context.document.axes) {
    if (axis.range || !axis.values.empty()) refuse_under_tables(axis, context);
  }
  for (NamedVariant const& variant : context.document.variants) {
    for (Change const& change : variant.changes) {
      for (Setting const& setting : change.settings) {
        refuse_on_axes(variant, change, setting, context);
      }
    }
  }
}

}  // namespace seplflow
