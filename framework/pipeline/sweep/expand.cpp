#include "pipeline/sweep/expand.hpp"

#include <algorithm>

#include "pipeline/sweep/names.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool concerns(AxisEntry const& axis, std::size_t stage) {
  return axis.values[0].change.stage == stage;
}

bool concerns(NamedVariant const& variant, std::size_t stage) {
  return std::ranges::any_of(variant.changes,
                             [&](Change const& change) { return change.stage == stage; });
}

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
  changes_.resize(document.stages.size());
  for (std::size_t stage = 0; stage < changes_.size(); ++stage) find_changes(stage);
}

void Sweep::find_changes(std::size_t stage) {
  Changes& changes = changes_[stage];
  for (NamedVariant const& variant : document_.variants) {
    changes.named.push_back(concerns(variant, stage) ? changes.named_count++ : 0);
  }
  if (changes.named.empty()) changes.named.push_back(0);
  for (bool const whole : {true, false}) {
    for (std::size_t i = 0; i < document_.axes.size(); ++i) {
      AxisEntry const& axis = document_.axes[i];
      if (axis.is_whole() == whole && concerns(axis, stage)) changes.axes.push_back(i);
    }
  }
  std::size_t count = changes.named_count;
  for (std::size_t const axis : changes.axes) count *= document_.axes[axis].values.size();
  changes.entries.assign(count, kNone);
}

std::string Sweep::name(std::size_t variant) const {
  std::string name;
  if (!document_.variants.empty()) name = document_.variants[named(variant)].name;
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    name += (name.empty() ? "" : ",") + axis_part(axis.key, axis.values[value(variant, i)].text);
  }
  return name;
}

std::vector<std::size_t> Sweep::values(std::size_t variant) const {
  std::vector<std::size_t> values;
  for (std::size_t i = 0; i < document_.axes.size(); ++i) values.push_back(value(variant, i));
  return values;
}

Sweep::Entry const& Sweep::entry(std::size_t variant, std::size_t stage) {
  Changes& changes = changes_[stage];
  std::size_t place = changes.named[named(variant)];
  for (std::size_t const axis : changes.axes) {
    place = place * document_.axes[axis].values.size() + value(variant, axis);
  }
  std::size_t& number = changes.entries[place];
  if (number == kNone) {
    number = entries_.size();
    entries_.push_back({number, stage, settings(variant, stage)});
  }
  return entries_[number];
}

StageEntry Sweep::settings(std::size_t variant, std::size_t stage) const {
  StageEntry entry = document_.stages[stage];
  if (!document_.variants.empty()) {
    for (Change const& change : document_.variants[named(variant)].changes) {
      if (change.stage == stage) apply(change, entry);
    }
  }
  for (std::size_t const axis : changes_[stage].axes) {
    apply(document_.axes[axis].values[value(variant, axis)].change, entry);
  }
  return entry;
}

Place Sweep::difference(std::size_t a, std::size_t b) const {
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    if (value(a, i) != value(b, i)) return axis.values[value(b, i)].change.origin.value_place;
  }
  return document_.variants.empty() ? document_.axes.back().place
                                    : document_.variants[named(b)].place;
}

Place Sweep::difference(std::size_t a, std::size_t b,
                        std::vector<std::size_t> const& stages) const {
  auto const matters = [&](auto const& what) {
    return std::ranges::any_of(stages, [&](std::size_t stage) { return concerns(what, stage); });
  };
  for (std::size_t i = 0; i < document_.axes.size(); ++i) {
    AxisEntry const& axis = document_.axes[i];
    if (value(a, i) != value(b, i) && matters(axis)) return axis.place;
  }
  if (document_.variants.empty()) return {document_.source};
  NamedVariant const& second = document_.variants[named(b)];
  return matters(second) ? second.place : document_.variants[named(a)].place;
}

}  // namespace seplflow
