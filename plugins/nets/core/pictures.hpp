// Images as tensors, and tensors as values of seplflow.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>

#include <seplflow/image.hpp>
#include <seplflow/score_maps.hpp>

namespace seplflow::nets {

// The value that each byte of each channel becomes; the channels of the input are `order` of RGB.
struct Normalisation {
  std::array<std::size_t, 3> order;
  std::array<std::array<float, 256>, 3> values;
};

// (byte / 255 - mean) / deviation of ImageNet, in RGB, computed as double.
Normalisation const& imagenet_normalisation();

// The image as (1, 3, height, width) of float32 on the CPU.
at::Tensor tensor_of(Image const& image, Normalisation const& normalisation);

// Bilinear interpolation without aligned corners. Coordinates are mapped by the scale where there
// is one, and otherwise by the ratio of the sizes.
at::Tensor resized(at::Tensor const& x, std::int64_t height, std::int64_t width,
                   std::optional<double> scale = std::nullopt);

// Planes (classes, height, width) of float32 on the CPU as the scores of these classes.
ScoreMaps score_maps_of(at::Tensor const& planes, std::vector<Label> classes);

}  // namespace seplflow::nets
