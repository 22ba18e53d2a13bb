#include "pipeline/contradictions.hpp"

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

}  // namespace

void refuse_contradictions(std::vector<StageOverride> const& overrides,
                           SweepContext const& context) {
  for (StageOverride const& override : overrides) refuse_override(override, context);
  for (NamedVariant const& variant : context.document.variants) {
    for (Change const& change : variant.changes) {
      for (Setting const& setting : change.settings) {
        refuse_on_axes(variant, change, setting, context);
      }
    }
  }
}

}  // namespace seplflow
