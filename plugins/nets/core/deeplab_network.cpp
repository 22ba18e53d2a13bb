#include "nets/core/deeplab_network.hpp"

#include <ATen/ops/argmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>

#include "nets/core/pictures.hpp"

namespace seplflow::nets {
namespace {

// B, G, R minus the mean of each, computed as double, without division.
Normalisation caffe_normalisation() {
  constexpr std::array<double, 3> kMean = {104.008, 116.669, 122.675};
  Normalisation made{{2, 1, 0}, {}};
  for (std::size_t channel = 0; channel < kMean.size(); ++channel) {
    for (std::size_t i = 0; i < 256; ++i) {
      made.values[channel][i] = static_cast<float>(static_cast<double>(i) - kMean[channel]);
    }
  }
  return made;
}

}  // namespace

DeepLabBackbone::Bottleneck::Bottleneck(Weights const& weights, std::string const& name, bool first,
                                        std::int64_t stride, std::int64_t dilation)
    : reduce(weights, name + "reduce", stride),
      middle(weights, name + "conv3x3", 1, dilation),
      increase(weights, name + "increase") {
  if (first) shortcut.emplace(weights, name + "shortcut", stride);
}

at::Tensor DeepLabBackbone::Bottleneck::operator()(at::Tensor const& x) const {
  at::Tensor y = reduce(x);
  y = middle(at::relu_(y));
  y = increase(at::relu_(y));
  y += shortcut ? (*shortcut)(x) : x;
  return at::relu_(y);
}

DeepLabBackbone::DeepLabBackbone(Weights const& weights, NetworkShape const& shape)
    : first_(weights, "layer1.conv1", 2) {
  constexpr std::array<std::int64_t, 4> kStrides = {1, 2, 1, 1}, kDilations = {1, 1, 2, 4};
  constexpr std::array<std::int64_t, 4> kRates = {6, 12, 18, 24};
  for (std::size_t group = 0; group < kStrides.size(); ++group) {
    std::string const layer = "layer" + std::to_string(group + 2) + ".block";
    for (std::int64_t i = 0; i < shape.blocks[group]; ++i) {
      blocks_.emplace_back(weights, numbered(layer, i + 1), i == 0, i == 0 ? kStrides[group] : 1,
                           kDilations[group]);
    }
  }
  for (std::size_t i = 0; i < kRates.size(); ++i) {
    std::string const name = "aspp.c" + std::to_string(i);
    aspp_.emplace_back(weights, name, 1, kRates[i]);
    biases_.push_back(weights.at(name + ".bias"));
  }
}

at::Tensor DeepLabBackbone::operator()(at::Tensor x) const {
  x = first_(x);
  x = at::max_pool2d(at::relu_(x), {3, 3}, {2, 2}, {1, 1}, {1, 1}, /*ceil_mode=*/true);
  for (Bottleneck const& block : blocks_) x = block(x);
  at::Tensor sum;
  for (std::size_t i = 0; i < aspp_.size(); ++i) {
    std::int64_t const rate = aspp_[i].dilation;
    at::Tensor const part = at::conv2d(x, aspp_[i].weight.to(x.scalar_type()),
                                       biases_[i].to(x.scalar_type()), 1, rate, rate);
    sum = sum.defined() ? sum.add_(part) : part;
  }
  return sum;
}

at::Tensor scaled_input(at::Tensor const& input, double scale, Interpolation interpolation) {
  auto const side = [&](std::int64_t axis) {
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::floor(static_cast<double>(input.size(axis)) * scale)));
  };
  bool const by_scale = interpolation == Interpolation::torch16;
  return resized(input, side(2), side(3), by_scale ? std::optional(scale) : std::nullopt);
}

at::Tensor msc_logits(DeepLabBackbone const& backbone, Image const& image, at::Device device,
                      at::ScalarType type, Interpolation interpolation) {
  static Normalisation const normalisation = caffe_normalisation();
  at::Tensor const input = tensor_of(image, normalisation).to(device, type);
  at::Tensor maximum = backbone(input);
  for (double const scale : kDeepLabScales) {
    at::Tensor const small = backbone(scaled_input(input, scale, interpolation));
    maximum = at::maximum(maximum, resized(small, maximum.size(2), maximum.size(3)));
  }
  return maximum;
}

at::Tensor probabilities_of(at::Tensor const& logits, Size size) {
  at::Tensor const exact = logits.to(at::kFloat);
  require_finite(exact);
  return at::softmax(resized(exact, size.height, size.width), 1).select(0, 0);
}

LabelMap labels_of(at::Tensor const& probabilities) {
  at::Tensor const best = at::argmax(probabilities, 0).to(at::kByte).to(at::kCPU).contiguous();
  auto const* const labels = best.data_ptr<std::uint8_t>();
  Size const size{static_cast<std::uint32_t>(best.size(0)),
                  static_cast<std::uint32_t>(best.size(1))};
  return LabelMap(size, std::vector<Label>(labels, labels + size.pixels()));
}

}  // namespace seplflow::nets
