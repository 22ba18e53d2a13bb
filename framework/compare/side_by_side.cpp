#include "compare/side_by_side.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace seplflow {
namespace {

bool is_value(Json const& json) {
  return json.is_number() || json.is_null();
}

std::optional<double> value_of(Json const& json) {
  if (!json.is_number()) return std::nullopt;
  double const value = json.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool lists_classes(Json const& json) {
  return json.is_array() && !json.empty() && std::ranges::all_of(json, [](Json const& each) {
           return each.is_object() && each.value("name", Json()).is_string();
         });
}

std::string number_of_classes(Json const& list) {
  for (Json const& each : list) {
    for (auto const& [key, value] : each.items()) {
      if (key != "id" && is_value(value)) return key;
    }
  }
  return "";
}

}  // namespace

void Fractions::note(std::string const& name, std::optional<double> value) {
  auto& [bounded, whole] = seen_.try_emplace(name, true, true).first->second;
  bounded = bounded && (!value || std::abs(*value) <= 1);
  whole = whole && value && *value == std::trunc(*value);
}

bool Fractions::contain(std::string const& name) const {
  auto const found = seen_.find(name);
  return found != seen_.end() && found->second.first && !found->second.second;
}

void SideBySide::add(std::size_t run, Json const& tree, std::string const& prefix) {
  for (auto const& [key, value] : tree.items()) {
    std::string const name = prefix + key;
    if (value.is_object()) {
      add(run, value, name + ".");
    } else if (is_value(value)) {
      auto const [place, is_new] = places_.try_emplace(name, numbers_.size());
      if (is_new) numbers_.push_back({{name, false, RunValues(runs_)}, key});
      numbers_[place->second].number.values[run] = value_of(value);
      fractions_.note(key, value_of(value));
    } else if (lists_classes(value)) {
      add_classes(run, value, name);
    }
  }
}

void SideBySide::give(Comparison::Evaluator& evaluator) {
  for (auto& [number, leaf] : numbers_) {
    number.fraction = fractions_.contain(leaf);
    evaluator.numbers.push_back(std::move(number));
  }
  for (auto& [classes, places] : lists_) {
    classes.fraction = fractions_.contain(classes.number);
    std::ranges::stable_sort(classes.classes, {}, &Comparison::Class::id);
    evaluator.classes.push_back(std::move(classes));
  }
}

void SideBySide::add_classes(std::size_t run, Json const& list, std::string const& name) {
  auto found = std::ranges::find_if(
      lists_, [&](PlacedClasses const& each) { return each.classes.list == name; });
  if (found == lists_.end()) {
    std::string const number = number_of_classes(list);
    if (number.empty()) return;
    lists_.push_back(PlacedClasses{{name, number, false, {}}, {}});
    found = std::prev(lists_.end());
  }
  auto& [classes, places] = *found;
  for (Json const& each : list) {
    std::optional<std::int64_t> id;
    if (each.value("id", Json()).is_number_integer()) id = each["id"].get<std::int64_t>();
    std::string const class_name = each["name"].get<std::string>();
    auto const [place, is_new] = places.try_emplace({id, class_name}, places.size());
    if (is_new) classes.classes.push_back({id, class_name, RunValues(runs_)});
    auto const value = value_of(each.value(classes.number, Json()));
    classes.classes[place->second].values[run] = value;
    fractions_.note(classes.number, value);
  }
}

}  // namespace seplflow
