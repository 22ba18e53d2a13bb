#include "pipeline/sweep/names.hpp"

#include <map>
#include <set>

#include "base/number_text.hpp"
#include "base/utf8.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

void join(std::string& text, std::string const& part) {
  text += (text.empty() ? "" : "-") + part;
}

struct ToText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return shortest(value); }
  std::string operator()(std::string const& value) const { return value; }
  template <class T>
  std::string operator()(std::vector<T> const& values) const {
    std::string joined;
    for (T const& each : values) join(joined, (*this)(each));
    return joined;
  }
};

// Names tables after the values in which they differ, and a single one after all its values.
bool name_tables(AxisEntry& axis, SweepContext const& context) {
  std::map<std::string, std::multiset<std::string>> texts;
  for (Change const& table : axis.values) {
    for (Setting const& each : table.settings) texts[each.key].insert(text_of(*each.value));
  }
  auto const differs = [&](std::string const& key) {
    auto const& all = texts.at(key);
    return axis.values.size() == 1 || all.size() < axis.values.size() ||
           *all.begin() != *all.rbegin();
  };
  for (Change& table : axis.values) {
    if (!table.text.empty()) continue;
    for (Setting const& each : table.settings) {
      if (each.value->is_value() && differs(each.key)) join(table.text, text_of(*each.value));
    }
    if (!table.text.empty()) continue;
    context.complain(table.origin.value_place,
                     "this value of the axis \"" + axis.key +
                         "\" has no short text that distinguishes it from the others; give each a "
                         "name: { name = \"...\", use = ... }");
    return false;
  }
  return true;
}

}  // namespace

std::string text_of(toml::node const& value) {
  if (auto const text = value.as_string()) return text->get();
  if (auto const number = value.as_floating_point()) return shortest(number->get());
  if (auto const integer = value.as_integer()) return std::to_string(integer->get());
  if (auto const flag = value.as_boolean()) return flag->get() ? "true" : "false";
  std::string joined;
  if (auto const* const list = value.as_array()) {
    for (toml::node const& each : *list) join(joined, text_of(each));
  } else if (auto const* const table = value.as_table()) {
    for (auto const& [key, each] : *table) join(joined, text_of(each));
  }
  return joined;
}

std::string text_of(Setting const& setting) {
  // A bare date is a string on the command line.
  bool const is_date =
      setting.value->is_date() || setting.value->is_time() || setting.value->is_date_time();
  return setting.raw && is_date ? *setting.raw : text_of(*setting.value);
}

std::string text_of(OptionValue const& value) {
  return std::visit(ToText(), value);
}

std::string folder_name(std::string_view text) {
  std::string name;
  for (char const c : text) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("._=,-").find(c) != std::string_view::npos) {
      name += c;
    } else if (!continues_character(c)) {
      name += '-';
    }
  }
  return name;
}

void name_values(AxisEntry& axis, SweepContext const& context) {
  bool const whole = axis.is_whole();
  if (whole && !name_tables(axis, context)) return;
  std::map<std::string, std::string const*> seen;  // texts by their names
  for (Change const& value : axis.values) {
    auto const [first, is_new] = seen.emplace(folder_name(value.text), &value.text);
    if (is_new) continue;
    std::string const called = "the axis \"" + axis.key + "\"";
    context.complain(value.origin.value_place,
                     !whole && *first->second == value.text
                         ? called + " has the value " + toml_string(value.text) + " twice"
                         : "two values of " + called + " would both be called \"" + first->first +
                               (whole ? "\"; give each a name: { name = \"...\", use = ... }"
                                      : "\"; give them names: { name = \"...\", value = ... }"));
  }
}

}  // namespace seplflow
