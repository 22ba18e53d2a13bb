#include "pipeline/sweep/expand.hpp"

#include <algorithm>

#include "base/number_text.hpp"
#include "base/utf8.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/sweep/read_sweep.hpp"

namespace seplflow {
namespace {

void apply(Change const& change, StageEntry& entry) {
  if (change.swaps) {
    std::erase_if(entry.settings, [](Setting const& setting) {
      return setting.key != "in" && setting.key != "on_error";
    });
    entry.swapped_by = change.origin.value;
    entry.place = change.origin.value_place;
  }
  for (Setting const& setting : change.settings) replace(entry.settings, setting);
}

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

Sweep::Sweep(Document const& document) : document_(document), strides_(document.axes.size()) {
  for (std::size_t i = document.axes.size(); i-- > 0;) {
    strides_[i] = axes_size_;
    axes_size_ *= document.axes[i].values.size();
  }
  size_ = axes_size_ * std::max<std::size_t>(1, document.variants.size());
}

std::string Sweep::label(std::size_t variant) const {
  return document_.variants.empty() ? "" : document_.variants[named(variant)].name;
}

std::string Sweep::name(std::size_t variant) const {
  std::string name = label(variant);
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    std::string const& text = axis.values[value(variant, i)].text;
    name += (name.empty() ? "" : ",") + folder_name(axis.key + "=" + text);
  }
  return name;
}

std::vector<std::size_t> Sweep::values(std::size_t variant) const {
  std::vector<std::size_t> values;
  for (std::size_t i = 0; i < document_.axes.size(); ++i) values.push_back(value(variant, i));
  return values;
}

std::vector<Change const*> Sweep::changes(std::size_t variant, std::size_t stage) const {
  std::vector<Change const*> changes;
  if (!document_.variants.empty()) {
    for (Change const& change : document_.variants[named(variant)].changes) {
      if (change.stage == stage) changes.push_back(&change);
    }
  }
  for (bool const whole : {true, false}) {
    for (std::size_t i = 0; i < document_.axes.size(); ++i) {
      Change const& change = document_.axes[i].values[value(variant, i)];
      if (change.stage == stage && change.is_whole() == whole) changes.push_back(&change);
    }
  }
  return changes;
}

Sweep::Entry const& Sweep::entry(std::size_t variant, std::size_t stage) {
  auto const changes = this->changes(variant, stage);
  auto const [known, is_new] = numbers_.emplace(std::pair(stage, changes), entries_.size());
  if (is_new) {
    StageEntry settings = document_.stages[stage];
    for (Change const* const change : changes) apply(*change, settings);
    entries_.push_back({known->second, stage, std::move(settings)});
  }
  return entries_[known->second];
}

Place Sweep::difference(std::size_t a, std::size_t b) const {
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    if (value(a, i) != value(b, i)) return axis.values[value(b, i)].origin.value_place;
  }
  return document_.variants.empty() ? document_.axes.back().place
                                    : document_.variants[named(b)].place;
}

Place Sweep::difference(std::size_t a, std::size_t b,
                        std::vector<std::size_t> const& stages) const {
  auto const matters = [&](Change const& change) {
    return std::ranges::find(stages, change.stage) != stages.end();
  };
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    if (value(a, i) != value(b, i) && matters(axis.values[0])) return axis.place;
  }
  if (document_.variants.empty()) return {document_.source};
  NamedVariant const& second = document_.variants[named(b)];
  return std::ranges::any_of(second.changes, matters) ? second.place
                                                      : document_.variants[named(a)].place;
}

VariantProblems::VariantProblems(Document const& document) {
  for (AxisEntry const& axis : document.axes) {
    if (axis.range) ranges_.insert(axis.values.front().origin.value_place);
  }
}

void VariantProblems::add(std::vector<Problem> const& problems,
                          std::vector<std::size_t> const& variants) {
  for (Problem const& problem : problems) {
    Problem key = problem;
    if (ranges_.contains(key.place)) key.message.clear();
    auto const [known, is_new] = index_.emplace(std::move(key), found_.size());
    if (is_new) found_.push_back({problem, {}});
    found_[known->second].second.insert(variants.begin(), variants.end());
  }
}

std::vector<Problem> VariantProblems::report(Sweep const& sweep) const {
  std::vector<Problem> problems;
  for (auto const& [problem, variants] : found_) {
    std::string const name = sweep.name(*variants.begin());
    std::size_t const others = variants.size() - 1;
    std::string who;
    if (!name.empty() && (variants.size() < sweep.size() || others == 0)) {
      who = "variant \"" + name + "\"" + (others > 0 ? " and " + counted(others, "other") : "") +
            ": ";
    }
    problems.push_back({problem.place, who + problem.message});
  }
  return problems;
}

}  // namespace seplflow
