#include "pipeline/sweep/expand.hpp"

#include <algorithm>

#include "pipeline/sweep/names.hpp"

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

}  // namespace

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

}  // namespace seplflow
