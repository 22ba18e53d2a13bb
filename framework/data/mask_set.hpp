// All masks of one image.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "data/mask.hpp"
#include "data/size.hpp"

namespace seplflow {

// What the Segment Anything Model says of a mask it made (fields of amg.py's records).
struct MaskInfo {
  double predicted_iou = 0;          // the model's own estimate, 0..1
  double stability_score = 0;        // 0..1
  std::array<double, 2> point{};     // x, y of the prompt, pixels
  std::array<double, 4> crop_box{};  // x, y, width, height, pixels
  bool operator==(MaskInfo const&) const = default;
};

// The masks of one image, all of one size, in the order of their source. A set without masks may
// not know its size: an image in which nothing was found leaves no record of it. Immutable.
class MaskSet {
 public:
  struct Entry {
    Mask mask;
    std::optional<MaskInfo> info;  // absent where the source does not say
  };

  // Throws Error, naming the mask by its place (from 0), when two masks differ in size, one
  // differs from `size`, or a number of its info is infinite or not a number.
  explicit MaskSet(std::vector<Entry> entries, std::optional<Size> size = std::nullopt);

  std::optional<Size> size() const { return size_; }
  std::size_t count() const { return entries_.size(); }
  Mask const& mask(std::size_t i) const { return entries_[i].mask; }
  std::optional<MaskInfo> const& info(std::size_t i) const { return entries_[i].info; }

 private:
  std::vector<Entry> entries_;
  std::optional<Size> size_;
};

// Throws Error naming both sizes unless the masks, if there are any, have the labels' size.
void require_same_size(MaskSet const& masks, LabelMap const& labels, std::string_view labels_name);

}  // namespace seplflow
