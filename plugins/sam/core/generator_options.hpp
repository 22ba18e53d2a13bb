// The settings of SAM and of its automatic mask generator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace seplflow::sam {

enum class Precision { float32, bfloat16 };

struct ModelOptions {
  std::filesystem::path checkpoint;
  std::string device = "auto";  // "cpu", "cuda:N", or "auto": the first GPU where there is one
  Precision precision = Precision::float32;
  std::uint32_t batch = 1;  // images that are encoded together, at most

  auto operator<=>(ModelOptions const&) const = default;
};

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

}  // namespace seplflow::sam
