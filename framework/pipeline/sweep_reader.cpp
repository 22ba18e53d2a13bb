#include "pipeline/sweep_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "data/number_text.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/range.hpp"

namespace seplflow {
namespace {

constexpr std::uint64_t kManyVariants = 10'000;
// Whatever the user says, more than these fit into no memory.
constexpr std::uint64_t kMostVariants = 1'000'000;

// The elements of "a,b,c" with the column, from 1, that each begins at. Commas in quotes and in
// brackets separate nothing.
std::vector<std::pair<std::string, std::uint32_t>> split(std::string_view text) {
  std::vector<std::pair<std::string, std::uint32_t>> elements;
  auto const add = [&](std::size_t begin, std::size_t end) {
    while (begin < end && text[begin] == ' ') ++begin;
    while (end > begin && text[end - 1] == ' ') --end;
    auto const continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    auto const column =
        begin + 1 -
        static_cast<std::size_t>(std::count_if(text.begin(), text.begin() + begin, continues));
    elements.emplace_back(text.substr(begin, end - begin), static_cast<std::uint32_t>(column));
  };
  std::size_t begin = 0, depth = 0;
  char quote = 0;
  char before = ',';
  for (std::size_t i = 0; i < text.size(); ++i) {
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
      add(begin, i);
      begin = i + 1;
    }
    if (c != ' ') before = c;
  }
  add(begin, text.size());
  return elements;
}

bool holds_only(toml::table const& table, std::initializer_list<std::string_view> keys) {
  return !table.empty() && std::ranges::all_of(table, [&](auto&& entry) {
    return std::ranges::find(keys, entry.first.str()) != keys.end();
  });
}

class SweepReader {
 public:
  SweepReader(WrittenSweep const& written, PipelineRequest const& request, Document& document,
              std::vector<Problem>& problems)
      : written_(written), request_(request), document_(document), problems_(problems) {}

  void read() {
    find_axes_of_file();
    for (Override const& each : request_.sweeps) find_axis(each);
    for (WrittenAxis const& axis : axes_) read_axis(axis);
    if (written_.variants) read_variants(*written_.variants);
    refuse_contradictions();
    if (too_many()) {
      forget_all();
      return;
    }
    for (auto const& [axis, range] : ranges_) expand_range(document_.axes[axis], range);
    for (AxisEntry& axis : document_.axes) name_values(axis);
  }

 private:
  // An axis before its values are looked at.
  struct WrittenAxis {
    std::string key;
    Setting setting;  // its value is the file's; none on the command line
    std::vector<Setting> elements;
    bool from_argument() const { return setting.from_argument(); }
  };

  struct Target {
    std::size_t stage;
    std::string option;  // empty for the stage as a whole
  };

  struct RangeOf {
    Target target;
    Setting setting;
    Range range;
    bool integers;
  };

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  // ---- Which axes there are ----

  void find_axes_of_file() {
    if (!written_.axes) return;
    std::vector<WrittenAxis> found;
    for (Setting const& setting : settings_of(*written_.axes)) {
      auto const* const table = setting.value->as_table();
      bool const nests = table && setting.key.find('.') == std::string::npos &&
                         !holds_only(*table, {"from", "to", "step"}) && !table->empty();
      if (!nests) {
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
    for (WrittenAxis& axis : found) {
      if (std::ranges::find(axes_, axis.key, &WrittenAxis::key) != axes_.end()) {
        complain(axis.setting.place, "the axis \"" + axis.key + "\" is there twice");
      } else {
        axes_.push_back(std::move(axis));
      }
    }
  }

  // "stage.option=a,b,c"
  void find_axis(Override const& override) {
    auto const source = std::make_shared<SourceText>(
        SourceText{"--sweep", override.argument, written_.arguments + (++arguments_)});
    std::string const& text = override.argument;
    std::size_t const equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      complain({source}, "an axis is written stage.option=a,b,c, for example select.t1=0.3,0.4");
      return;
    }
    WrittenAxis axis;
    axis.key = text.substr(0, equals);
    axis.setting.place = {source};
    axis.setting.value_place = {source, 1, static_cast<std::uint32_t>(equals + 2)};
    axis.setting.base = request_.working_folder;
    std::string const values = text.substr(equals + 1);
    if (values.find_first_not_of(' ') != std::string::npos) {
      for (auto const& [raw, column] : split(values)) {
        Setting each = axis.setting;
        each.value_place.column += column - 1;
        each.value = document_.add_value(raw);
        each.raw = raw;
        axis.elements.push_back(std::move(each));
      }
    }
    auto const known = std::ranges::find(axes_, axis.key, &WrittenAxis::key);
    if (known == axes_.end()) {
      axes_.push_back(std::move(axis));
    } else if (known->from_argument()) {
      complain({source},
               "the axis \"" + axis.key + "\" is there twice; write all its values in one");
    } else {
      *known = std::move(axis);
    }
  }

  // ---- What they vary ----

  std::optional<Target> target_of(std::string const& key, Place const& place) {
    std::size_t const dot = key.find('.');
    std::string const stage = key.substr(0, dot);
    if (dot != std::string::npos && (dot == 0 || dot + 1 == key.size())) {
      complain(place, "\"" + key + "\" names no option; write stage.option, or a stage alone");
      return std::nullopt;
    }
    if (stage == "run") {
      complain(place, "the options of [run] are the same for all variants; \"" + key +
                          "\" cannot be varied");
      return std::nullopt;
    }
    auto const found = document_.find_stage(stage);
    if (!found) {
      auto const names = document_.stage_names();
      std::string const hint = did_you_mean(stage, names);
      complain(place, "the pipeline has no stage \"" + stage + "\"" +
                          (hint.empty() && !names.empty() ? " (it has " + quoted_list(names) + ")"
                                                          : hint));
      return std::nullopt;
    }
    return Target{*found, dot == std::string::npos ? "" : key.substr(dot + 1)};
  }

  // What the mistake leaves open is given, nobody knows how.
  void forget(std::size_t stage, std::string const& key) {
    Setting setting;
    setting.key = key.empty() ? "use" : key;
    setting.place = setting.value_place = document_.stages[stage].place;
    replace(document_.stages[stage].settings, std::move(setting));
  }

  void forget(Change const& change) {
    for (Setting const& setting : change.settings) forget(change.stage, setting.key);
  }

  void forget_all() {
    for (auto const& [axis, range] : ranges_) forget(range.target.stage, range.target.option);
    for (AxisEntry const& axis : document_.axes) {
      for (AxisValue const& value : axis.values) forget(value.change);
    }
    for (NamedVariant const& variant : document_.variants) {
      for (Change const& change : variant.changes) forget(change);
    }
    document_.axes.clear();
    document_.variants.clear();
  }

  void read_axis(WrittenAxis const& written) {
    auto const target = target_of(written.key, written.setting.place);
    if (!target) return;
    std::size_t const before = problems_.size();
    AxisEntry axis{written.key, written.setting.place, {}, false};
    if (auto const table = range_in(written, *target)) {
      if (auto range = read_range(*table, *target)) {
        axis.is_range = true;
        ranges_.emplace(document_.axes.size(), std::move(*range));
      }
    } else {
      for (Setting const& each : elements_of(written)) {
        if (auto value = read_value(each, *target)) axis.values.push_back(std::move(*value));
      }
    }
    if (problems_.size() == before) {
      document_.axes.push_back(std::move(axis));
    } else if (target->option.empty() || axis.values.empty()) {
      forget(target->stage, target->option);
    } else {
      // One bad value hides no mistake in the others.
      document_.axes.push_back(std::move(axis));
    }
  }

  // The table that is a range, if one stands in the place of the values.
  std::optional<Setting> range_in(WrittenAxis const& axis, Target const& target) {
    if (target.option.empty()) return std::nullopt;
    if (!axis.from_argument()) {
      if (!axis.setting.value->is_table()) return std::nullopt;
      return axis.setting;
    }
    if (axis.elements.size() != 1 || target.option == "in") return std::nullopt;
    auto const* const table = axis.elements[0].value->as_table();
    if (!table || table->contains("value")) return std::nullopt;
    return axis.elements[0];
  }

  std::vector<Setting> elements_of(WrittenAxis const& axis) {
    if (axis.from_argument()) {
      if (axis.elements.empty()) {
        complain(axis.setting.value_place, "the axis \"" + axis.key + "\" has no values");
      }
      return axis.elements;
    }
    std::vector<Setting> elements;
    if (auto const* const list = axis.setting.value->as_array()) {
      for (toml::node const& each : *list) elements.push_back(element(axis.setting, each));
      if (list->empty()) {
        complain(axis.setting.value_place, "the axis \"" + axis.key + "\" has no values");
      }
    } else if (axis.setting.value->is_table()) {
      complain(axis.setting.value_place,
               "the axis \"" + axis.key +
                   "\" is a whole stage and takes a list of tables: [{ use = \"...\" }, ...]");
    } else {
      complain(axis.setting.value_place, "the axis \"" + axis.key +
                                             "\" takes several values; write a list: [" +
                                             shown(*axis.setting.value) + "]");
    }
    return elements;
  }

  static std::string shown(toml::node const& value) {
    auto const text = value.value_exact<std::string>();
    return text ? toml_string(*text) : text_of(value);
  }

  // ---- Values ----

  std::optional<AxisValue> read_value(Setting const& setting, Target const& target) {
    if (target.option.empty()) return read_alternative(setting, target);
    AxisValue value;
    value.change.stage = target.stage;
    value.change.origin = setting;
    Setting option = setting;
    option.key = target.option;
    auto const* const table = setting.value->as_table();
    if (table && table->contains("value")) {
      option.raw.reset();
      for (Setting const& each : settings_of(setting)) {
        if (each.key == "value") {
          option.value = each.value;
          option.value_place = each.value_place;
        } else if (each.key == "name") {
          auto name = read_text(each, request_.environment, problems_);
          if (!name) return std::nullopt;
          value.text = std::move(*name);
        } else {
          complain(each.place, "a value with a name has no \"" + each.key +
                                   "\"; write { name = \"...\", value = ... }");
          return std::nullopt;
        }
      }
      if (!table->contains("name")) value.text = text_of(*option.value);
    } else {
      value.text = text_of(setting);
    }
    value.change.settings.push_back(std::move(option));
    return value;
  }

  static std::string text_of(Setting const& setting) {
    // A bare date is a string on the command line.
    bool const is_date =
        setting.value->is_date() || setting.value->is_time() || setting.value->is_date_time();
    if (setting.raw && is_date) return *setting.raw;
    return seplflow::text_of(*setting.value);
  }
  static std::string text_of(toml::node const& value) { return seplflow::text_of(value); }

  // A table of a whole stage's axis; its name, if it needs one made up, comes later.
  std::optional<AxisValue> read_alternative(Setting const& setting, Target const& target) {
    if (!setting.value->is_table()) {
      complain(setting.value_place,
               "an axis over a whole stage takes tables: { use = \"...\", ... }");
      return std::nullopt;
    }
    AxisValue value;
    value.change = change_of(setting, target.stage);
    for (Setting const& each : settings_of(setting)) {
      if (each.key != "name") continue;
      auto name = read_text(each, request_.environment, problems_);
      if (!name) return std::nullopt;
      if (name->empty()) {
        complain(each.value_place, "a name must not be empty");
        return std::nullopt;
      }
      value.text = std::move(*name);
    }
    return value;
  }

  static Change change_of(Setting const& table, std::size_t stage) {
    Change change;
    change.stage = stage;
    change.origin = table;
    change.settings = settings_of(table);
    std::erase_if(change.settings, [](Setting const& each) { return each.key == "name"; });
    change.swaps = table.value->as_table()->contains("use");
    return change;
  }

  // ---- Ranges ----

  std::optional<RangeOf> read_range(Setting const& setting, Target const& target) {
    std::map<std::string, std::string> numbers;
    bool integers = true, sound = true;
    for (Setting const& each : settings_of(setting)) {
      auto const number = each.value->value<double>();
      if (each.key != "from" && each.key != "to" && each.key != "step") {
        complain(each.place, "a range has no \"" + each.key + "\"" +
                                 did_you_mean(each.key, {"from", "to", "step"}) +
                                 " (it is written { from = 0.1, to = 0.9, step = 0.1 })");
        sound = false;
      } else if (!each.value->is_number() || !std::isfinite(*number)) {
        complain(each.value_place, "\"" + each.key + "\" of a range takes a number");
        sound = false;
      } else {
        integers = integers && each.value->is_integer();
      }
      if (sound) numbers[each.key] = exact(*each.value);
    }
    if (!sound) return std::nullopt;
    for (char const* const key : {"from", "to", "step"}) {
      if (numbers.contains(key)) continue;
      complain(setting.value_place, "the range lacks \"" + std::string(key) +
                                        "\" (it is written { from = 0.1, to = 0.9, step = 0.1 })");
      return std::nullopt;
    }
    try {
      return RangeOf{target, setting, Range(numbers["from"], numbers["to"], numbers["step"]),
                     integers};
    } catch (Error const& error) {
      complain(setting.value_place, error.what());
      return std::nullopt;
    }
  }

  static std::string exact(toml::node const& number) {
    if (auto const integer = number.as_integer()) return std::to_string(integer->get());
    return shortest(number.as_floating_point()->get());
  }

  void expand_range(AxisEntry& axis, RangeOf const& range) {
    toml::array numbers;
    for (std::uint64_t i = 0; i < range.range.count(); ++i) {
      std::string const text = range.range.value(i);
      if (range.integers) {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        numbers.push_back(number);
      } else {
        double number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        numbers.push_back(number);
      }
    }
    document_.storage.emplace_back();
    document_.storage.back().insert("values", std::move(numbers));
    for (toml::node const& each : *document_.storage.back().get_as<toml::array>("values")) {
      AxisValue value;
      value.change.stage = range.target.stage;
      value.change.origin = range.setting;
      value.change.origin.value = &each;
      value.change.origin.raw.reset();
      value.change.settings.push_back(value.change.origin);
      value.change.settings[0].key = range.target.option;
      value.text = text_of(each);
      axis.values.push_back(std::move(value));
    }
  }

  // ---- Names of values ----

  void name_values(AxisEntry& axis) {
    bool const whole = axis.key.find('.') == std::string::npos;
    if (whole && !make_names_up(axis)) return;
    std::map<std::string, AxisValue const*> seen;
    for (AxisValue const& value : axis.values) {
      auto const [first, is_new] = seen.emplace(folder_name(value.text), &value);
      if (is_new) continue;
      std::string const& other = first->second->text;
      std::string const remedy = whole ? "; give each a name: { name = \"...\", use = ... }"
                                       : "; give them names: { name = \"...\", value = ... }";
      complain(
          value.change.origin.value_place,
          !whole && other == value.text
              ? "the axis \"" + axis.key + "\" has the value " + toml_string(value.text) + " twice"
              : "two values of the axis \"" + axis.key + "\" would both be called \"" +
                    first->first + "\"" + remedy);
    }
  }

  // Tables without a name are called after the values in which they differ.
  bool make_names_up(AxisEntry& axis) {
    std::map<std::string, std::set<std::string>> texts;
    std::map<std::string, std::size_t> count;
    for (AxisValue const& value : axis.values) {
      for (Setting const& each : value.change.settings) {
        texts[each.key].insert(text_of(*each.value));
        ++count[each.key];
      }
    }
    for (AxisValue& value : axis.values) {
      if (!value.text.empty()) continue;
      for (Setting const& each : value.change.settings) {
        bool const scalar = each.value->is_value();
        bool const differs = texts[each.key].size() > 1 || count[each.key] < axis.values.size();
        if (!scalar || !differs) continue;
        value.text += (value.text.empty() ? "" : "-") + text_of(*each.value);
      }
      if (!value.text.empty()) continue;
      complain(value.change.origin.value_place,
               "nothing short tells this value of the axis \"" + axis.key +
                   "\" from the others; give each a name: { name = \"...\", use = ... }");
      return false;
    }
    return true;
  }

  // ---- [[variant]] ----

  void read_variants(Setting const& variants) {
    auto const* const list = variants.value->as_array();
    if (!list || !std::ranges::all_of(*list, [](auto const& each) { return each.is_table(); })) {
      complain(variants.value_place, "\"variant\" must be a list of tables, written [[variant]]");
      return;
    }
    std::map<std::string, std::size_t> seen;
    for (toml::node const& each : *list) {
      NamedVariant variant = read_variant(element(variants, each));
      if (!seen.emplace(variant.name, seen.size()).second && !variant.name.empty()) {
        complain(variant.place, "two variants are called \"" + variant.name + "\"");
      }
      document_.variants.push_back(std::move(variant));
    }
  }

  NamedVariant read_variant(Setting const& table) {
    NamedVariant variant;
    variant.place = table.value_place;
    bool has_name = false;
    for (Setting const& each : settings_of(table)) {
      if (each.key == "name") {
        has_name = true;
        variant.place = each.value_place;
        if (auto name = read_text(each, request_.environment, problems_)) {
          variant.name = folder_name(*name);
          refuse_name(*name, each.value_place);
        }
      } else if (each.key == "set") {
        read_changes(each, variant);
      } else {
        complain(each.place, "a [[variant]] has no \"" + each.key + "\"" +
                                 did_you_mean(each.key, {"name", "set"}) +
                                 " (it has name and set = { \"stage.option\" = value })");
      }
    }
    if (!has_name) complain(variant.place, "the variant has no name; add name = \"...\"");
    return variant;
  }

  void refuse_name(std::string const& name, Place const& place) {
    if (name.empty() || name == "." || name == "..") {
      complain(place,
               "the name of a variant names its folder, so it cannot be " + toml_string(name));
    }
  }

  void read_changes(Setting const& set, NamedVariant& variant) {
    if (!set.value->is_table()) {
      complain(set.value_place, "\"set\" must be a table: set = { \"stage.option\" = value }");
      return;
    }
    for (Setting const& each : settings_of(set)) {
      auto const target = target_of(each.key, each.place);
      if (!target) continue;
      if (target->option.empty() && !each.value->is_table()) {
        complain(each.value_place, "\"" + each.key + "\" is a stage; set \"" + each.key +
                                       ".OPTION\", or give it a table of options");
        continue;
      }
      Change change;
      if (target->option.empty()) {
        change = change_of(each, target->stage);
      } else {
        change.stage = target->stage;
        change.origin = each;
        change.settings = {each};
        change.settings[0].key = target->option;
      }
      refuse_twice(variant, change);
      // Whole tables come first, as on axes.
      auto const single = std::ranges::find_if(variant.changes, [](Change const& other) {
        return other.origin.key.find('.') != std::string::npos;
      });
      variant.changes.insert(target->option.empty() ? single : variant.changes.end(),
                             std::move(change));
    }
  }

  void refuse_twice(NamedVariant const& variant, Change const& change) {
    for (Change const& other : variant.changes) {
      if (other.stage != change.stage) continue;
      for (Setting const& setting : change.settings) {
        if (std::ranges::find(other.settings, setting.key, &Setting::key) == other.settings.end()) {
          continue;
        }
        complain(setting.place, "the variant sets " + quoted(change.stage, setting.key) + " twice");
      }
    }
  }

  // ---- What goes against each other ----

  std::string quoted(std::size_t stage, std::string const& option) const {
    return "\"" + document_.stages[stage].name + "." + option + "\"";
  }

  // Whether the change leaves nothing of that setting.
  static bool covers(Change const& change, std::size_t stage, std::string const& key) {
    if (change.stage != stage) return false;
    if (change.swaps && key != "in" && key != "on_error") return true;
    return std::ranges::find(change.settings, key, &Setting::key) != change.settings.end();
  }

  bool covers(AxisEntry const& axis, std::size_t stage, std::string const& key) const {
    return axis.key == document_.stages[stage].name + "." + key ||
           std::ranges::any_of(axis.values, [&](AxisValue const& value) {
             return covers(value.change, stage, key);
           });
  }

  void refuse_contradictions() {
    for (auto const& [stage, setting] : written_.overrides) {
      for (AxisEntry const& axis : document_.axes) {
        if (!covers(axis, stage, setting.key)) continue;
        std::string const name = quoted(stage, setting.key);
        bool const same = "\"" + axis.key + "\"" == name;
        complain(setting.place,
                 same ? name + " is an axis of the sweep; give it this one value by --sweep " +
                            axis.key + "=" + setting.raw.value_or("...")
                      : "the axis \"" + axis.key + "\" of the sweep sets " + name +
                            " too; change it there");
      }
      for (NamedVariant const& variant : document_.variants) {
        for (Change const& change : variant.changes) {
          if (!covers(change, stage, setting.key)) continue;
          complain(setting.place, "the variant \"" + variant.name + "\" sets " +
                                      quoted(stage, setting.key) + " itself; change it there");
        }
      }
    }
    for (NamedVariant const& variant : document_.variants) {
      for (Change const& change : variant.changes) {
        for (Setting const& setting : change.settings) {
          for (AxisEntry const& axis : document_.axes) {
            if (!covers(axis, change.stage, setting.key)) continue;
            complain(setting.place, quoted(change.stage, setting.key) +
                                        " is set by the variant \"" + variant.name +
                                        "\" and by the axis \"" + axis.key +
                                        "\"; leave one of them out");
          }
        }
      }
    }
  }

  // ---- How many ----

  bool too_many() {
    constexpr std::uint64_t kUncountable = 1'000'000'000'000'000'000;
    std::uint64_t count = std::max<std::uint64_t>(1, document_.variants.size());
    std::uint64_t most = 0;
    Place place =
        document_.variants.empty() ? Place{document_.source} : document_.variants[0].place;
    for (std::size_t i = 0; i < document_.axes.size(); ++i) {
      auto const range = ranges_.find(i);
      std::uint64_t const values =
          range != ranges_.end() ? range->second.range.count() : document_.axes[i].values.size();
      count = values > kUncountable / count ? kUncountable : count * values;
      if (values <= most) continue;
      most = values;
      place = document_.axes[i].place;
    }
    std::string const number = count >= kUncountable ? "more than 10^18" : std::to_string(count);
    if (count > kMostVariants) {
      complain(place, "the sweep has " + number + " variants; no machine holds more than " +
                          std::to_string(kMostVariants));
      return true;
    }
    if (count > kManyVariants && !request_.any_number_of_variants) {
      complain(place, "the sweep has " + number + " variants, more than " +
                          std::to_string(kManyVariants) + "; with --yes it is done all the same");
      return true;
    }
    return false;
  }

  WrittenSweep const& written_;
  PipelineRequest const& request_;
  Document& document_;
  std::vector<Problem>& problems_;
  std::vector<WrittenAxis> axes_;
  std::map<std::size_t, RangeOf> ranges_;  // by the place of their axis in the document
  std::size_t arguments_ = 0;
};

}  // namespace

void read_sweep(WrittenSweep const& written, PipelineRequest const& request, Document& document,
                std::vector<Problem>& problems) {
  SweepReader(written, request, document, problems).read();
}

std::string text_of(toml::node const& value) {
  if (auto const text = value.as_string()) return text->get();
  if (auto const number = value.as_floating_point()) return shortest(number->get());
  if (auto const integer = value.as_integer()) return std::to_string(integer->get());
  if (auto const flag = value.as_boolean()) return flag->get() ? "true" : "false";
  std::string joined;
  auto const add = [&](toml::node const& each) {
    joined += (joined.empty() ? "" : "-") + text_of(each);
  };
  if (auto const* const list = value.as_array()) {
    for (toml::node const& each : *list) add(each);
  } else if (auto const* const table = value.as_table()) {
    for (auto const& [key, each] : *table) add(each);
  }
  return joined;
}

std::string folder_name(std::string_view text) {
  std::string name;
  for (char const c : text) {
    bool const continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("._=,-").find(c) != std::string_view::npos) {
      name += c;
    } else if (!continues) {
      name += '-';
    }
  }
  return name;
}

}  // namespace seplflow
