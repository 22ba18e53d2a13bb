// Which masks to keep, by the boxes around them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/prompts.hpp"
#include "data/mask_box.hpp"

namespace seplflow::sam {

// Whether the box, in pixels of the whole image, is within 20 pixels of a side of the crop that is
// no side of the image: what is cut off there is better seen in another crop.
bool is_near_crop_edge(MaskBox const& box, Crop const& crop, Size image);

// Greedy non-maximum suppression, as torchvision's batched_nms of a single category: places of the
// boxes that are kept, by falling score and among equal ones in the order given; of more than 1000
// boxes in that of an unstable sort, as torchvision has it on a CPU. A box goes when its IoU with
// one kept before is above the threshold. Boxes, scores and IoU are float32.
std::vector<std::size_t> kept_by_nms(std::span<MaskBox const> boxes, std::span<float const> scores,
                                     double threshold);

}  // namespace seplflow::sam
