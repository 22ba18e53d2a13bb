// Checkpoints of SAMs with random weights, as torch saves them, and images for them.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <seplflow/image.hpp>
#include "core/model_sizes.hpp"
#include "support/pickle_bytes.hpp"

inline seplflow::Image picture(seplflow::Size size) {
  std::vector<std::uint8_t> rgb(3 * size.pixels());
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return seplflow::Image(size, std::move(rgb));
}

// A model of two blocks, one of windows, on images of 64 x 64.
inline seplflow::sam::ModelShape small_sam() {
  seplflow::sam::ModelShape shape;
  shape.encoder = {
      .patch = 16, .grid = 4, .width = 16, .head_width = 8, .mlp_width = 32, .attends_to = {3, 4}};
  shape.decoder = {.width = 32,
                   .layers = 2,
                   .mlp_width = 48,
                   .mask_tokens = 4,
                   .iou_hidden = 32,
                   .iou_layers = 3,
                   .prompt_channels = 16};
  return shape;
}

// ViT-B is of 768, 12 and 12, ViT-L of 1024, 24 and 16, ViT-H of 1280, 32 and 16.
inline seplflow::sam::ModelShape official_sam(std::int64_t width, std::int64_t depth,
                                              std::int64_t heads) {
  seplflow::sam::ModelShape shape;
  shape.encoder = {.patch = 16,
                   .grid = 64,
                   .width = width,
                   .head_width = width / heads,
                   .mlp_width = 4 * width,
                   .attends_to = {}};
  for (std::int64_t i = 0; i < depth; ++i) {
    bool const global = (i + 1) % (depth / 4) == 0;
    shape.encoder.attends_to.push_back(global ? 64 : 14);
  }
  shape.decoder = {.width = 256,
                   .layers = 2,
                   .mlp_width = 2048,
                   .mask_tokens = 4,
                   .iou_hidden = 256,
                   .iou_layers = 3,
                   .prompt_channels = 16};
  return shape;
}

inline std::int64_t elements_of(std::vector<std::int64_t> const& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies());
}

// The tensors in one storage, with numbers that keep what goes through the layers of about one
// size, times `scale`; but `integers`, if there is such a tensor, is of int64, and zeros, and `nans`
// is NaN. Variances are positive. The same for the same seed.
inline std::string sam_checkpoint(seplflow::sam::TensorShapes const& tensors, unsigned seed = 1,
                                  std::string const& integers = {}, std::string const& nans = {},
                                  float scale = 1) {
  std::mt19937 random(seed);
  std::string items;
  std::int64_t elements = 0;
  for (auto const& [name, shape] : tensors) elements += elements_of(shape);
  pickle_bytes::Storage storage{"0", "FloatStorage", elements, {}};
  pickle_bytes::Storage whole{"1", "LongStorage", 0, {}};
  std::int64_t offset = 0;
  for (auto const& [name, shape] : tensors) {
    std::int64_t size = 1;
    std::vector<std::int64_t> strides(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      strides[axis] = size;
      size *= shape[axis];
    }
    if (name == integers) {
      whole.elements = size;
      whole.data.resize(static_cast<std::size_t>(size) * sizeof(std::int64_t));
      items += pickle_bytes::text(name) +
               pickle_bytes::tensor(pickle_bytes::storage_id(whole), 0, shape, strides);
    }
    std::int64_t const inputs = shape.size() > 1 ? size / shape[0] : 1;
    std::normal_distribution<float> number(0, 1 / std::sqrt(static_cast<float>(inputs)));
    for (std::int64_t i = 0; i < size; ++i) {
      float const value = scale * number(random);
      bool const variance = name.ends_with("running_var");
      storage.data +=
          pickle_bytes::little(name == nans ? NAN : variance ? 1 + value * value : value);
    }
    if (name != integers) {
      items += pickle_bytes::text(name) +
               pickle_bytes::tensor(pickle_bytes::storage_id(storage), offset, shape, strides);
    }
    offset += size;
  }
  return pickle_bytes::torch_zip(pickle_bytes::dict(items), {storage, whole});
}

inline std::string sam_checkpoint(seplflow::sam::ModelShape const& shape, unsigned seed = 1) {
  return sam_checkpoint(seplflow::sam::expected_tensors(shape), seed);
}
