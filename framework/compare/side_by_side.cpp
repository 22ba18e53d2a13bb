#include "compare/side_by_side.hpp"

#include <algorithm>
#include <cmath>

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

// Of a count, which may be less than one.
bool is_per_sample(std::string const& name) {
  return name.ends_with(".per_sample");
}

}  // namespace

void Scale::note(Json const& value) {
  if (!value.is_number()) return;
  has_point_ = has_point_ || value.is_number_float();
  is_bounded_ = is_bounded_ && std::abs(value.get<double>()) <= 1;
}

void SideBySide::add(std::size_t run, Json const& tree, std::string const& prefix) {
  for (auto const& [key, value] : tree.items()) {
    std::string const name = prefix + key;
    if (value.is_object()) {
      add(run, value, name + ".");
    } else if (is_value(value)) {
      auto const [place, is_new] = places_.try_emplace(name, numbers_.size());
      if (is_new) numbers_.push_back({{name, false, RunValues(runs_)}, {}});
      auto& [number, scale] = numbers_[place->second];
      number.values[run] = value_of(value);
      scale.note(value);
    } else if (lists_classes(value)) {
      add_classes(run, value, name);
    }
  }
}

void SideBySide::move_to(Comparison::Evaluator& evaluator) {
  for (auto& [number, scale] : numbers_) {
    number.fraction = scale.is_fraction() && !is_per_sample(number.name);
    evaluator.numbers.push_back(std::move(number));
  }
  for (ClassList& list : lists_) {
    list.classes.fraction = list.scale.is_fraction();
    std::ranges::stable_sort(list.classes.classes, {}, &Comparison::Class::id);
    evaluator.classes.push_back(std::move(list.classes));
  }
}

void SideBySide::add_classes(std::size_t run, Json const& json, std::string const& name) {
  auto found = std::ranges::find_if(
      lists_, [&](ClassList const& each) { return each.classes.list == name; });
  if (found == lists_.end()) {
    std::string const number = number_of_classes(json);
    if (number.empty()) return;
    found = lists_.insert(lists_.end(), ClassList{{name, number, false, {}}, {}, {}});
  }
  auto& [list, scale, places] = *found;
  for (Json const& each : json) {
    std::optional<std::int64_t> id;
    if (each.value("id", Json()).is_number_integer()) id = each["id"].get<std::int64_t>();
    std::string const class_name = each["name"].get<std::string>();
    auto const [place, is_new] = places.try_emplace({id, class_name}, places.size());
    if (is_new) list.classes.push_back({id, class_name, RunValues(runs_)});
    Json const value = each.value(list.number, Json());
    list.classes[place->second].values[run] = value_of(value);
    scale.note(value);
  }
}

Json meaning_of(std::vector<FinishedRun> const& runs, std::string const& stage,
                std::string const& metric) {
  for (FinishedRun const& run : runs) {
    if (!run.record) continue;
    Json const scores = run.record->json.value("scores", Json::object());
    if (!scores.is_object()) continue;
    Json const meaning = scores.value(stage + "." + metric, Json());
    if (meaning.is_object()) return meaning;
  }
  return nullptr;
}

void apply_meanings(Comparison::Evaluator& evaluator, std::vector<FinishedRun> const& runs) {
  for (Comparison::Number& number : evaluator.numbers) {
    std::string const unit = text_in(meaning_of(runs, evaluator.stage, number.name), "unit");
    if (unit.empty()) continue;
    number.fraction = unit == "fraction";
    if (!number.fraction) number.unit = unit;
  }
}

}  // namespace seplflow
