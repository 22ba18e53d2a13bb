// Overlaps between the masks of an image and the classes of its pseudo-label.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/mask_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace seplflow {

// |S and P_k| for every mask S and every foreground class k present in the label map, with the
// areas |S| and |P_k|: everything that mask assignment and selection need (SEPL, section 3). None
// of it depends on a threshold. Immutable.
class SEPLFLOW_API OverlapTable {
 public:
  // Background and ignore pixels belong to no class. Throws Error, naming both sizes, when the
  // masks and the labels differ in size.
  OverlapTable(LabelMap const& labels, MaskSet const& masks);

  // The classes present, ascending.
  std::span<Label const> classes() const { return classes_; }
  std::span<std::uint64_t const> class_areas() const { return class_areas_; }

  std::size_t masks() const { return mask_areas_.size(); }
  std::uint64_t mask_area(std::size_t mask) const { return mask_areas_[mask]; }

  // |S and P_k| for the classes present, in the order of classes().
  std::span<std::uint64_t const> overlaps(std::size_t mask) const;

  // Index into classes() of the class that the mask overlaps most, the lowest in a tie; nothing for
  // a mask that overlaps no class.
  std::optional<std::size_t> assigned(std::size_t mask) const { return assigned_[mask]; }

  // How each mask agrees with the class k that it is assigned to: |S and P_k| / |S| and
  // |S and P_k| / |P_k|; both are 0 for a mask that overlaps no class.
  std::span<double const> supports() const { return supports_; }
  std::span<double const> coverages() const { return coverages_; }

 private:
  std::vector<Label> classes_;
  std::vector<std::uint64_t> class_areas_;
  std::vector<std::uint64_t> mask_areas_;
  std::vector<std::uint64_t> overlaps_;  // masks x classes
  std::vector<std::optional<std::size_t>> assigned_;
  std::vector<double> supports_, coverages_;  // by mask
};

}  // namespace seplflow
