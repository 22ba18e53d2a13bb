#include <seplflow/overlap_table.hpp>

#include <algorithm>

namespace seplflow {

OverlapTable::OverlapTable(LabelMap const& labels, MaskSet const& masks) {
  require_same_size(masks, labels, "the pseudo-label");
  LabelRuns const& runs = labels.runs();
  auto const& areas = label_areas(labels);
  for (int label = 1; label < kIgnore; ++label) {
    if (areas[label] == 0) continue;
    classes_.push_back(static_cast<Label>(label));
    class_areas_.push_back(areas[label]);
  }
  mask_areas_.reserve(masks.count());
  overlaps_.reserve(masks.count() * classes_.size());
  assigned_.reserve(masks.count());
  supports_.reserve(masks.count());
  coverages_.reserve(masks.count());
  for (std::size_t i = 0; i < masks.count(); ++i) {
    mask_areas_.push_back(masks.mask(i).area());
    auto const histogram = overlap_histogram(masks.mask(i), runs);
    for (Label const label : classes_) overlaps_.push_back(histogram[label]);
    // Computed once, since every setting of a selection uses it.
    auto const row = overlaps(i);
    auto const best = std::ranges::max_element(row);
    std::optional<std::size_t>& assigned = assigned_.emplace_back();
    double& support = supports_.emplace_back();
    double& coverage = coverages_.emplace_back();
    if (best == row.end() || *best == 0) continue;
    assigned = static_cast<std::size_t>(best - row.begin());
    support = static_cast<double>(*best) / static_cast<double>(mask_areas_[i]);
    coverage = static_cast<double>(*best) / static_cast<double>(class_areas_[*assigned]);
  }
}

std::span<std::uint64_t const> OverlapTable::overlaps(std::size_t mask) const {
  return std::span(overlaps_).subspan(mask * classes_.size(), classes_.size());
}

}  // namespace seplflow
