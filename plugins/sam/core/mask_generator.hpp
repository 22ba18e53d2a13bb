// What the stage masks.sam needs from the library that is built on torch (nets/base/library.hpp).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include <seplflow/image.hpp>
#include <seplflow/mask_set.hpp>
#include "nets/base/model_options.hpp"

namespace seplflow::sam {

using nets::Precision;

struct ModelOptions : nets::ModelOptions {
  std::uint32_t batch = 1;  // the most images that are encoded together

  auto operator<=>(ModelOptions const&) const = default;
};

// Names and defaults are those of the official SamAutomaticMaskGenerator.
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

// A model that generates the masks of images. Safe to use from any number of threads.
class MaskGenerator {
 public:
  virtual ~MaskGenerator() = default;
  virtual MaskSet generate(Image const& image, GeneratorOptions const& options) const = 0;
};

// The functions of the library. All throw Error.
struct Core {
  char const* version;  // of seplflow; must be that of the stage

  // The device that `device` stands for; throws unless it exists.
  std::string (*resolve_device)(std::string const& device);
  // The model of a checkpoint on a device. Equal options share one model.
  std::shared_ptr<MaskGenerator const> (*open)(ModelOptions const& options);
};

// The library, which the first call loads. Throws Error when it cannot be loaded.
Core const& core();

// The memory of the device or of this machine was too small.
class OutOfMemory : public nets::OutOfMemory {
 public:
  // `cause` is the message of the allocator.
  explicit OutOfMemory(std::string const& cause)
      : nets::OutOfMemory(
            "the device has too little memory for SAM: lower points_per_batch or batch (on a CPU, "
            "lower jobs: each job works on an image), or set precision = \"bfloat16\" (" +
            cause + ")") {}
};

using GeneratorOnDemand = nets::OnDemand<MaskGenerator>;

}  // namespace seplflow::sam
