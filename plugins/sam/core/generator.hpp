// SAM's automatic mask generator.
#pragma once

#include <cstdint>

#include "core/model.hpp"
#include "data/image.hpp"
#include "data/mask_set.hpp"

namespace seplflow::sam {

// Named, and by default valued, as the official SamAutomaticMaskGenerator's.
struct GeneratorOptions {
  std::uint32_t points_per_side = 32;
  std::uint32_t points_per_batch = 64;
  double pred_iou_thresh = 0.88;
  double stability_score_thresh = 0.95;
  double stability_score_offset = 1.0;
  double box_nms_thresh = 0.7;
  std::uint32_t crop_n_layers = 0;
  double crop_nms_thresh = 0.7;
  double crop_overlap_ratio = 512.0 / 1500.0;
  std::uint32_t crop_n_points_downscale_factor = 1;
  std::uint32_t min_mask_region_area = 0;
};

// The masks of an image, in the official order, each with its MaskInfo. Where the official code
// has no answer, this has: no masks when nothing passes the thresholds, at least one pixel a side
// of the resized image, no crops without pixels. Deterministic, and safe to call from several
// threads. Memory does not grow with the number of points but for the runs of the masks found.
MaskSet generate_masks(Model const& model, Image const& image, GeneratorOptions const& options);

}  // namespace seplflow::sam
