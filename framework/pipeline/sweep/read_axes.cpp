#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/sweep/read_sweep.hpp"

namespace seplflow {
namespace {

std::vector<std::string> const kRangeKeys = {"from", "to", "step"};

// ---- Which axes there are; the key of each setting is that of the axis ----

// Whether `stage = { option = [...] }` is meant, and not a range or a value.
bool nests_axes(Setting const& setting) {
  auto const* const table = setting.value->as_table();
  return table && setting.key.find('.') == std::string::npos &&
         std::ranges::any_of(*table, [](auto&& entry) {
           return std::ranges::find(kRangeKeys, entry.first.str()) == kRangeKeys.end();
         });
}

// An axis of the command line replaces that of the file.
void add(std::vector<Setting>& axes, Setting axis, SweepContext const& context) {
  Setting const* const known = find(axes, axis.key);
  if (known && known->from_argument() == axis.from_argument()) {
    context.complain(axis.place,
                     "the axis \"" + axis.key + "\" is defined twice; give all its values at once");
  } else {
    replace(axes, std::move(axis));
  }
}

void add_axes_of_file(std::vector<Setting>& axes, SweepContext const& context) {
  std::vector<Setting> found;
  for (Setting const& setting : settings_of(*context.document.sweep)) {
    if (setting.key == "best_by" && !setting.value->is_table()) {
      if (!context.document.best_by) context.document.best_by = setting;  // --set goes first
      continue;
    }
    if (!nests_axes(setting)) {
      found.push_back(setting);
      continue;
    }
    for (Setting& inner : settings_of(setting)) {
      inner.key = setting.key + "." + inner.key;
      found.push_back(std::move(inner));
    }
  }
  std::ranges::stable_sort(found, {}, &Setting::place);
  for (Setting& axis : found) add(axes, std::move(axis), context);
}

void add_axes_of_arguments(std::vector<Setting>& axes, SweepContext const& context) {
  std::size_t number = context.request.overrides.size();
  for (std::string const& argument : context.request.sweeps) {
    Setting axis = read_argument("--sweep", argument, ++number, context.request.working_folder);
    if (axis.key.empty()) {
      context.complain(axis.place,
                       "write an axis as stage.option=a,b,c or stage.option=FROM:TO:STEP, for "
                       "example select.t1=0.3,0.4");
    } else {
      axis.value = context.document.add_value(*axis.raw);
      add(axes, std::move(axis), context);
    }
  }
}

// ---- The numbers of a range, as decimals without an exponent ----

std::optional<std::string> decimal(toml::node const& value) {
  if (auto const integer = value.as_integer()) return std::to_string(integer->get());
  auto const number = value.as_floating_point();
  if (!number || !std::isfinite(number->get())) return std::nullopt;
  char buffer[400];  // the smallest number has 325 decimals
  auto const end =
      std::to_chars(buffer, std::end(buffer), number->get(), std::chars_format::fixed).ptr;
  std::string const text(buffer, end);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::size_t decimals_of(std::string const& number) {
  std::size_t const point = number.find('.');
  return point == std::string::npos ? 0 : number.size() - point - 1;
}

// The number in units of the last decimal.
std::int64_t scaled(std::string number, std::size_t decimals) {
  number.append(decimals - decimals_of(number), '0');
  std::erase(number, '.');
  std::int64_t value = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc()) {
    throw Error("the numbers of the range have too many digits for exact arithmetic");
  }
  return value;
}

// Those of "0.6:0.9:0.1"; none if the text is not a list of numbers with colons.
std::vector<std::string> numbers_of(std::string const& text, Document& document) {
  std::vector<std::string> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find(':', begin), text.size());
    auto const number = decimal(*document.add_value(text.substr(begin, end - begin)));
    if (!number) return {};
    numbers.push_back(*number);
    begin = end + 1;
  }
  return numbers;
}

// Those of { from = 0.6, to = 0.9, step = 0.1 }; fewer, with problems, if the table is wrong.
std::vector<std::string> numbers_of(Setting const& table, SweepContext const& context) {
  std::string const example = ": { from = 0.1, to = 0.9, step = 0.1 }";
  std::vector<Setting> const settings = settings_of(table);
  for (Setting const& each : settings) {
    if (std::ranges::find(kRangeKeys, each.key) != kRangeKeys.end()) continue;
    context.complain(each.place, "a range has no \"" + each.key + "\"" +
                                     did_you_mean(each.key, kRangeKeys) + example);
    return {};
  }
  std::vector<std::string> numbers;
  for (std::string const& key : kRangeKeys) {
    Setting const* const setting = find(settings, key);
    auto const number = setting ? decimal(*setting->value) : std::nullopt;
    if (number) {
      numbers.push_back(*number);
    } else {
      context.complain((setting ? *setting : table).value_place,
                       "\"" + key + "\" of a range must be a number" + example);
    }
  }
  return numbers;
}

// ---- The values of one axis ----

// Where the element that begins at `begin` ends: at the next comma, or with the text.
std::size_t end_of_element(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  char quote = 0;
  char before = ',';
  for (std::size_t i = begin; i < text.size(); ++i) {
    char const c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') &&
               std::string_view(",[{=").find(before) != std::string_view::npos) {
      quote = c;  // elsewhere, as in "it's", it is a letter like others
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ',' && depth == 0) {
      return i;
    }
    if (c != ' ') before = c;
  }
  return text.size();
}

// The elements of the argument's value "a,b,c", each with its own value. Commas in quotes and in
// brackets do not separate elements.
std::vector<Setting> split_list(Setting const& argument, Document& document) {
  std::string_view const text = *argument.raw;
  std::vector<Setting> elements;
  if (text.find_first_not_of(' ') == std::string_view::npos) return elements;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const next = end_of_element(text, begin);
    std::size_t end = next;
    while (begin < end && text[begin] == ' ') ++begin;
    while (end > begin && text[end - 1] == ' ') --end;
    Setting element = argument;
    element.raw = text.substr(begin, end - begin);
    element.value = document.add_value(*element.raw);
    std::size_t const offset = character_count(text.substr(0, begin));
    element.value_place.column += static_cast<std::uint32_t>(offset);
    elements.push_back(std::move(element));
    begin = next + 1;
  }
  return elements;
}

struct AxisReader {
  Setting const& axis;
  Change const& target;
  SweepContext const& context;

  AxisEntry read() const {
    AxisEntry entry{axis.key, axis.place, {}, std::nullopt};
    if (read_range(entry)) return entry;
    for (Setting const& each : elements()) {
      auto value = target.is_whole() ? table(each) : option(each);
      if (value) entry.values.push_back(std::move(*value));
    }
    return entry;
  }

  void complain(std::string message) const {
    context.complain(axis.value_place, std::move(message));
  }

  // Whether a range is written in the place of the values. Reads it or reports its errors.
  bool read_range(AxisEntry& entry) const {
    if (target.is_whole() || target.option == "in") return false;
    auto const* const table = axis.value->as_table();
    std::string const text = axis.raw ? *axis.raw : axis.value->value_or(std::string());
    if (table ? table->contains("value") : !is_range(text)) return false;
    auto const numbers = table ? numbers_of(axis, context) : numbers_of(text, context.document);
    try {
      if (numbers.size() == 3) {
        entry.range.emplace(numbers[0], numbers[1], numbers[2]);
        entry.values = {with_value(target, axis)};
      } else if (!table) {
        complain("a range is written FROM:TO:STEP, for example " + axis.key + "=0.6:0.9:0.1");
      }
    } catch (Error const& error) {
      complain(error.what());
    }
    return true;
  }

  // Whether a text is meant as a range, such as 0.6:0.9:0.1 or, in error, range(0.6, 0.9), and not
  // as a string for an option that takes strings.
  bool is_range(std::string const& text) const {
    bool const is_call = text.starts_with("range(") && text.ends_with(")");
    if (!is_call && numbers_of(text, context.document).size() < 2) return false;
    if (is_wiring(target.option)) return false;
    auto const* const option = context.find_option(target.stage, target.option);
    return !option || !(option->type == OptionType::text || option->type == OptionType::texts ||
                        option->type == OptionType::path);
  }

  std::vector<Setting> elements() const {
    std::string const called = "the axis \"" + axis.key + "\"";
    std::vector<Setting> elements;
    if (axis.from_argument()) {
      elements = split_list(axis, context.document);
    } else if (auto const* const list = axis.value->as_array()) {
      for (toml::node const& each : *list) elements.push_back(element(axis, each));
    } else {
      complain(called +
               (target.is_whole()
                    ? " is a whole stage and takes a list of tables: [{ use = \"...\" }, ...]"
                    : " takes several values; write a list: [" + shown(*axis.value) + "]"));
      return {};
    }
    if (elements.empty()) complain(called + " has no values");
    return elements;
  }

  static std::string shown(toml::node const& value) {
    if (value.is_table()) return "{ ... }";
    auto const text = value.value_exact<std::string>();
    return text ? toml_string(*text) : text_of(value);
  }

  // A value alone, or { name = "...", value = ... }.
  std::optional<Change> option(Setting const& setting) const {
    Change change = with_value(target, setting);
    change.text = text_of(setting);
    auto const* const table = setting.value->as_table();
    if (!table || !table->contains("value")) return change;
    Setting& set = change.settings[0];
    set.raw.reset();
    std::optional<std::string> name;
    for (Setting const& each : settings_of(setting)) {
      if (each.key == "value") {
        set.value = each.value;
        set.value_place = each.value_place;
      } else if (each.key == "name") {
        name = context.text(each);
        if (!name) return std::nullopt;
      } else {
        context.complain(each.place, "a value with a name has no \"" + each.key +
                                         "\"; write { name = \"...\", value = ... }");
        return std::nullopt;
      }
    }
    change.text = name ? *name : text_of(*set.value);
    return change;
  }

  // A table over the whole stage. If it has no name, name_values() creates one.
  std::optional<Change> table(Setting const& setting) const {
    if (!setting.value->is_table()) {
      context.complain(setting.value_place,
                       "an axis over a whole stage takes tables: { use = \"...\", ... }");
      return std::nullopt;
    }
    Change change = with_value(target, setting);
    for (Setting const& each : settings_of(setting)) {
      if (each.key != "name") continue;
      auto name = context.text(each);
      if (!name) return std::nullopt;
      if (name->empty()) context.complain(each.value_place, "a name must not be empty");
      change.text = std::move(*name);
    }
    return change;
  }
};

void read_axis(Setting const& axis, SweepContext const& context) {
  auto const target = read_target(axis.key, axis.place, context);
  if (!target) return;
  std::size_t const before = context.problems.size();
  AxisEntry entry = AxisReader{axis, *target, context}.read();
  // One bad value of an option hides no error in the others.
  bool const is_open =
      context.problems.size() > before && (target->is_whole() || entry.values.empty());
  if (is_open) {
    forget(target->stage, target->is_whole() ? "use" : target->option, context.document);
  } else {
    context.document.axes.push_back(std::move(entry));
  }
}

}  // namespace

Range::Range(std::string const& from, std::string const& to, std::string const& step)
    : decimals_(std::max({decimals_of(from), decimals_of(to), decimals_of(step)})),
      from_(scaled(from, decimals_)) {
  std::int64_t const last = scaled(to, decimals_), by = scaled(step, decimals_);
  if (by == 0) throw Error("the step of the range is 0, so the range would never end");
  if (last != from_ && (last > from_) != (by > 0)) {
    throw Error("the step of the range leads away from its end; from " + from + " to " + to +
                " the step must be " + (last > from_ ? "positive" : "negative"));
  }
  step_ = static_cast<std::uint64_t>(by);
  std::uint64_t const way = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(from_);
  std::uint64_t const steps = by > 0 ? way / step_ : (0 - way) / (0 - step_);
  count_ = steps == std::numeric_limits<std::uint64_t>::max() ? steps : steps + 1;
}

void read_axes(SweepContext const& context) {
  std::vector<Setting> axes;
  if (context.document.sweep) add_axes_of_file(axes, context);
  add_axes_of_arguments(axes, context);
  for (Setting const& axis : axes) read_axis(axis, context);
}

void expand_range(AxisEntry& axis, Document& document) {
  Change const any_value = std::exchange(axis.values, {}).front();
  toml::array numbers;
  for (std::uint64_t i = 0; i < axis.range->count(); ++i) {
    if (axis.range->has_integers()) {
      numbers.push_back(axis.range->value<std::int64_t>(i));
    } else {
      numbers.push_back(axis.range->value<double>(i));
    }
  }
  document.storage.emplace_back().insert("values", std::move(numbers));
  for (toml::node const& each : *document.storage.back().get_as<toml::array>("values")) {
    Setting setting = any_value.origin;
    setting.value = &each;
    setting.raw.reset();
    axis.values.push_back(with_value(any_value, setting));
    axis.values.back().text = text_of(each);
  }
}

}  // namespace seplflow
