#include "pipeline/sweep/axis_range.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/number_text.hpp"
#include "pipeline/sweep/names.hpp"

namespace seplflow {
namespace {

constexpr char const* kKeys[] = {"from", "to", "step"};

template <class T>
T number(std::string const& text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::optional<AxisRange> read_range(Change change, SweepContext const& context) {
  std::string const written = " (it is written { from = 0.1, to = 0.9, step = 0.1 })";
  std::size_t const before = context.problems.size();
  std::map<std::string, std::string> numbers;
  bool integers = true;
  for (Setting const& each : settings_of(change.origin)) {
    if (std::ranges::find(kKeys, each.key) == std::end(kKeys)) {
      context.complain(each.place, "a range has no \"" + each.key + "\"" +
                                       did_you_mean(each.key, {"from", "to", "step"}) + written);
    } else if (!each.value->is_number() || !std::isfinite(*each.value->value<double>())) {
      context.complain(each.value_place, "\"" + each.key + "\" of a range takes a number");
    } else {
      integers = integers && each.value->is_integer();
      numbers[each.key] = text_of(*each.value);
    }
  }
  if (context.problems.size() > before) return std::nullopt;
  for (char const* const key : kKeys) {
    if (numbers.contains(key)) continue;
    context.complain(change.origin.value_place,
                     "the range lacks \"" + std::string(key) + "\"" + written);
    return std::nullopt;
  }
  try {
    return AxisRange{Range(numbers["from"], numbers["to"], numbers["step"]), integers,
                     std::move(change)};
  } catch (Error const& error) {
    context.complain(change.origin.value_place, error.what());
    return std::nullopt;
  }
}

void expand_range(AxisEntry& axis, Document& document) {
  auto const& [range, integers, change] = *axis.range;
  toml::array numbers;
  for (std::uint64_t i = 0; i < range.count(); ++i) {
    std::string const text = range.value(i);
    if (integers) {
      numbers.push_back(number<std::int64_t>(text));
    } else {
      numbers.push_back(number<double>(text));
    }
  }
  document.storage.emplace_back();
  document.storage.back().insert("values", std::move(numbers));
  for (toml::node const& each : *document.storage.back().get_as<toml::array>("values")) {
    AxisValue value{change, text_of(each)};
    for (Setting* const setting : {&value.change.origin, &value.change.settings[0]}) {
      setting->value = &each;
      setting->raw.reset();
    }
    axis.values.push_back(std::move(value));
  }
}

}  // namespace seplflow
