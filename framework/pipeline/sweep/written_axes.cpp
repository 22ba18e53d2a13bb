#include "pipeline/sweep/written_axes.hpp"

#include <algorithm>

#include "pipeline/argument.hpp"

namespace seplflow {
namespace {

// Whether `stage = { option = [...] }` is meant, and not a range or a value.
bool nests_axes(Setting const& setting) {
  auto const* const table = setting.value->as_table();
  return table && setting.key.find('.') == std::string::npos &&
         std::ranges::any_of(*table, [](auto&& entry) {
           auto const key = entry.first.str();
           return key != "from" && key != "to" && key != "step";
         });
}

std::vector<WrittenAxis> axes_of_file(Setting const& sweep, SweepContext const& context) {
  std::vector<WrittenAxis> found;
  for (Setting const& setting : settings_of(sweep)) {
    if (!nests_axes(setting)) {
      found.push_back({setting.key, setting, {}});
      continue;
    }
    for (Setting const& inner : settings_of(setting)) {
      found.push_back({setting.key + "." + inner.key, inner, {}});
    }
  }
  std::ranges::stable_sort(found, {}, [](WrittenAxis const& axis) {
    return std::pair(axis.setting.place.line, axis.setting.place.column);
  });
  std::vector<WrittenAxis> axes;
  for (WrittenAxis& axis : found) {
    if (std::ranges::find(axes, axis.key, &WrittenAxis::key) == axes.end()) {
      axes.push_back(std::move(axis));
    } else {
      context.complain(axis.setting.place, "the axis \"" + axis.key + "\" is there twice");
    }
  }
  return axes;
}

// "stage.option=a,b,c"
std::optional<WrittenAxis> axis_of_argument(std::string const& argument, std::size_t number,
                                            SweepContext const& context) {
  WrittenAxis axis;
  axis.setting = read_argument("--sweep", argument, number, context.request.working_folder);
  axis.key = std::exchange(axis.setting.key, "");
  if (axis.key.empty()) {
    context.complain(axis.setting.place,
                     "an axis is written stage.option=a,b,c, for example select.t1=0.3,0.4");
    return std::nullopt;
  }
  std::string const values = std::exchange(axis.setting.raw, std::nullopt).value();
  if (values.find_first_not_of(' ') == std::string::npos) return axis;
  for (auto const& [text, column] : split_list(values)) {
    Setting element = axis.setting;
    element.value_place.column += column - 1;
    element.value = context.document.add_value(text);
    element.raw = text;
    axis.elements.push_back(std::move(element));
  }
  return axis;
}

}  // namespace

std::vector<WrittenAxis> written_axes(std::optional<Setting> const& sweep, std::size_t arguments,
                                      SweepContext const& context) {
  std::vector<WrittenAxis> axes;
  if (sweep) axes = axes_of_file(*sweep, context);
  for (Override const& each : context.request.sweeps) {
    auto axis = axis_of_argument(each.argument, ++arguments, context);
    if (!axis) continue;
    auto const known = std::ranges::find(axes, axis->key, &WrittenAxis::key);
    if (known == axes.end()) {
      axes.push_back(std::move(*axis));
    } else if (known->setting.from_argument()) {
      context.complain(axis->setting.place, "the axis \"" + axis->key +
                                                "\" is there twice; write all its values in one");
    } else {
      *known = std::move(*axis);
    }
  }
  return axes;
}

}  // namespace seplflow
