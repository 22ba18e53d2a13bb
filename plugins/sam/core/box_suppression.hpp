// Which masks to keep, by the boxes around them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/mask_box.hpp>
#include "core/prompts.hpp"

namespace seplflow::sam {

// Whether the box, in pixels of the whole image, is within 20 pixels of a side of the crop that is
// not a side of the image: another crop shows more of what is truncated there.
bool is_near_crop_edge(MaskBox const& box, Crop const& crop, Size image);

// Greedy non-maximum suppression, like torchvision's batched_nms with one category: the indices of
// the boxes that are kept, by falling score and among equal scores in the given order; for more
// than 1000 boxes in the order of an unstable sort, as torchvision does on a CPU. A box is dropped
// when its IoU with a box kept before is above the threshold. Boxes, scores and IoU are float32.
std::vector<std::size_t> kept_by_nms(std::span<MaskBox const> boxes, std::span<float const> scores,
                                     double threshold);

}  // namespace seplflow::sam
