#include "pipeline/sweep/read_axes.hpp"

#include "pipeline/option_text.hpp"
#include "pipeline/sweep/axis_range.hpp"
#include "pipeline/sweep/names.hpp"

namespace seplflow {
namespace {

class AxisReader {
 public:
  AxisReader(WrittenAxis const& axis, Target const& target, SweepContext const& context)
      : axis_(axis), target_(target), context_(context) {}

  AxisEntry read() {
    AxisEntry entry{axis_.key, axis_.setting.place, {}, std::nullopt};
    if (auto const range = range_table()) {
      entry.range = read_range(option_change(*range, target_), context_);
      return entry;
    }
    for (Setting const& each : elements()) {
      auto value = target_.is_whole() ? table(each) : option(each);
      if (value) entry.values.push_back(std::move(*value));
    }
    return entry;
  }

 private:
  // The table that is a range, if one stands in the place of the values.
  std::optional<Setting> range_table() const {
    if (target_.is_whole()) return std::nullopt;
    if (!axis_.setting.from_argument()) {
      return axis_.setting.value->is_table() ? std::optional(axis_.setting) : std::nullopt;
    }
    if (axis_.elements.size() != 1 || target_.option == "in") return std::nullopt;
    auto const* const table = axis_.elements[0].value->as_table();
    return table && !table->contains("value") ? std::optional(axis_.elements[0]) : std::nullopt;
  }

  std::vector<Setting> elements() const {
    std::vector<Setting> elements = axis_.elements;
    if (toml::node const* const node = axis_.setting.value) {
      auto const* const list = node->as_array();
      if (!list) {
        context_.complain(axis_.setting.value_place,
                          node->is_table() ? called() +
                                                 " is a whole stage and takes a list of tables: "
                                                 "[{ use = \"...\" }, ...]"
                                           : called() + " takes several values; write a list: [" +
                                                 shown(*node) + "]");
        return {};
      }
      for (toml::node const& each : *list) elements.push_back(element(axis_.setting, each));
    }
    if (elements.empty()) context_.complain(axis_.setting.value_place, called() + " has no values");
    return elements;
  }

  std::string called() const { return "the axis \"" + axis_.key + "\""; }

  static std::string shown(toml::node const& value) {
    auto const text = value.value_exact<std::string>();
    return text ? toml_string(*text) : text_of(value);
  }

  // A value alone, or { name = "...", value = ... }.
  std::optional<AxisValue> option(Setting const& setting) const {
    AxisValue value{option_change(setting, target_), text_of(setting)};
    auto const* const table = setting.value->as_table();
    if (!table || !table->contains("value")) return value;
    Setting& set = value.change.settings[0];
    set.raw.reset();
    std::optional<std::string> name;
    for (Setting const& each : settings_of(setting)) {
      if (each.key == "value") {
        set.value = each.value;
        set.value_place = each.value_place;
      } else if (each.key == "name") {
        name = context_.text(each);
        if (!name) return std::nullopt;
      } else {
        context_.complain(each.place, "a value with a name has no \"" + each.key +
                                          "\"; write { name = \"...\", value = ... }");
        return std::nullopt;
      }
    }
    value.text = name ? *name : text_of(*set.value);
    return value;
  }

  // A table over the whole stage; a name that is not there is made up later.
  std::optional<AxisValue> table(Setting const& setting) const {
    if (!setting.value->is_table()) {
      context_.complain(setting.value_place,
                        "an axis over a whole stage takes tables: { use = \"...\", ... }");
      return std::nullopt;
    }
    AxisValue value{table_change(setting, target_.stage), ""};
    for (Setting const& each : settings_of(setting)) {
      if (each.key != "name") continue;
      auto name = context_.text(each);
      if (!name) return std::nullopt;
      if (name->empty()) {
        context_.complain(each.value_place, "a name must not be empty");
        return std::nullopt;
      }
      value.text = std::move(*name);
    }
    return value;
  }

  WrittenAxis const& axis_;
  Target const& target_;
  SweepContext const& context_;
};

}  // namespace

void read_axis(WrittenAxis const& axis, SweepContext const& context) {
  auto const target = read_target(axis.key, axis.setting.place, context);
  if (!target) return;
  std::size_t const before = context.problems.size();
  AxisEntry entry = AxisReader(axis, *target, context).read();
  // One bad value of an option hides no mistake in the others.
  bool const is_open =
      context.problems.size() > before && (target->is_whole() || entry.values.empty());
  if (is_open) {
    forget(*target, context.document);
  } else {
    context.document.axes.push_back(std::move(entry));
  }
}

}  // namespace seplflow
