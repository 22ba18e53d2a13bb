// Boxes around masks, and the suppression of those that overlap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/prompts.hpp"
#include "data/mask.hpp"

namespace seplflow::sam {

// The first and the last column and row of a mask, both included, as SAM has them: so a box of one
// column has no width.
struct Box {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;
  bool operator==(Box const&) const = default;
};

// All zero for a mask without pixels. O(runs).
Box box_around(Mask const& mask);

// Whether the box, in pixels of the whole image, is within 20 pixels of a side of the crop that is
// no side of the image: what is cut off there is better seen in another crop.
bool is_near_crop_edge(Box const& box, Crop const& crop, Size image);

// Greedy non-maximum suppression, as torchvision's batched_nms of a single category: places of the
// boxes that are kept, by falling score and among equal ones in the order given. A box goes when
// its IoU with one kept before is above the threshold. Boxes, scores and IoU are float32.
std::vector<std::size_t> kept_by_nms(std::span<Box const> boxes, std::span<float const> scores,
                                     double threshold);

}  // namespace seplflow::sam
