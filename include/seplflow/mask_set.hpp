// All masks of one image.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/mask.hpp>
#include <seplflow/size.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace seplflow {

// What the Segment Anything Model reports about a mask (fields of the records of amg.py).
struct MaskInfo {
  double predicted_iou = 0;          // the model's own estimate, 0..1
  double stability_score = 0;        // 0..1
  std::array<double, 2> point{};     // x, y of the prompt, pixels
  std::array<double, 4> crop_box{};  // x, y, width, height, pixels
  bool operator==(MaskInfo const&) const = default;
};

// The masks of one image, all of the same size, in the order of their source. The size of a set
// without masks may be unknown, since a file without records does not contain it. Immutable.
class SEPLFLOW_API MaskSet {
 public:
  struct Entry {
    Mask mask;
    std::optional<MaskInfo> info;  // nothing when the source does not have it
  };

  // Throws Error, with the index of the mask (from 0), when two masks differ in size, one differs
  // from `size`, or a number of its info is infinite or NaN.
  explicit MaskSet(std::vector<Entry> entries, std::optional<Size> size = std::nullopt);

  std::optional<Size> size() const { return size_; }
  std::size_t count() const { return entries_.size(); }
  Mask const& mask(std::size_t i) const { return entries_[i].mask; }
  std::optional<MaskInfo> const& info(std::size_t i) const { return entries_[i].info; }

 private:
  std::vector<Entry> entries_;
  std::optional<Size> size_;
};

// Throws Error, naming both sizes, unless the masks, if any, have the size of the labels.
SEPLFLOW_API void require_same_size(MaskSet const& masks, LabelMap const& labels, std::string_view labels_name);

}  // namespace seplflow
