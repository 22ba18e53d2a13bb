#include "nets/core/pictures.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace seplflow::nets {
namespace {

Normalisation imagenet() {
  constexpr std::array<double, 3> kMean = {0.485, 0.456, 0.406}, kDeviation = {0.229, 0.224, 0.225};
  Normalisation made{{0, 1, 2}, {}};
  for (std::size_t channel = 0; channel < kMean.size(); ++channel) {
    for (std::size_t i = 0; i < 256; ++i) {
      made.values[channel][i] =
          static_cast<float>((static_cast<double>(i) / 255 - kMean[channel]) / kDeviation[channel]);
    }
  }
  return made;
}

}  // namespace

Normalisation const& imagenet_normalisation() {
  static Normalisation const made = imagenet();
  return made;
}

at::Tensor tensor_of(Image const& image, Normalisation const& normalisation) {
  constexpr std::size_t kChannels = 3;
  std::size_t const pixels = image.size().pixels();
  at::Tensor const input = at::empty({1, kChannels, image.size().height, image.size().width},
                                     at::TensorOptions(at::kFloat));
  auto* out = input.data_ptr<float>();
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    auto const& values = normalisation.values[channel];
    std::uint8_t const* sample = image.rgb().data() + normalisation.order[channel];
    for (std::size_t i = 0; i < pixels; ++i, sample += kChannels) *out++ = values[*sample];
  }
  return input;
}

at::Tensor resized(at::Tensor const& x, std::int64_t height, std::int64_t width,
                   std::optional<double> scale) {
  auto const mapped = scale ? c10::optional<double>(*scale) : c10::nullopt;
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/false, mapped, mapped);
}

ScoreMaps score_maps_of(at::Tensor const& planes, std::vector<Label> classes) {
  Size const size{static_cast<std::uint32_t>(planes.size(-2)),
                  static_cast<std::uint32_t>(planes.size(-1))};
  std::size_t const count = classes.size() * size.pixels();
  auto values = std::make_unique_for_overwrite<float[]>(count);
  at::Tensor const plain = planes.contiguous();
  std::copy_n(plain.data_ptr<float>(), count, values.get());
  return ScoreMaps::adopt(size, std::move(classes), std::move(values));
}

}  // namespace seplflow::nets
