// DeepLab V2 on ResNet-101.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "nets/core/layers.hpp"
#include "nets/networks.hpp"

namespace seplflow::nets {

// The scales of MSC beside the whole image, in their order.
constexpr std::array<double, 2> kDeepLabScales = {0.5, 0.75};

// The network for one scale: (N, 3, H, W) to logits.
class DeepLabBackbone {
 public:
  DeepLabBackbone(Weights const& weights, NetworkShape const& shape);
  at::Tensor operator()(at::Tensor x) const;

 private:
  struct ConvNorm {
    ConvNorm(Weights const& weights, std::string const& name, std::int64_t stride = 1,
             std::int64_t dilation = 1)
        : conv(weights, name + ".conv", stride, dilation), norm(weights, name + ".bn") {}

    at::Tensor operator()(at::Tensor const& x) const { return norm(conv(x)); }

    Conv conv;
    BatchNorm norm;
  };

  // A bottleneck as Caffe has it: with the stride in the first convolution.
  struct Bottleneck {
    Bottleneck(Weights const& weights, std::string const& name, bool first, std::int64_t stride,
               std::int64_t dilation);
    at::Tensor operator()(at::Tensor const& x) const;

    ConvNorm reduce, middle, increase;
    std::optional<ConvNorm> shortcut;
  };

  ConvNorm first_;
  std::vector<Bottleneck> blocks_;
  std::vector<Conv> aspp_;
  std::vector<at::Tensor> biases_;
};

// The input for one of the scales.
at::Tensor scaled_input(at::Tensor const& input, double scale, Interpolation interpolation);

// MSC in evaluation: the maximum of the logits (1, classes, h, w) over the scales of the image.
at::Tensor msc_logits(DeepLabBackbone const& backbone, Image const& image, at::Device device,
                      at::ScalarType type, Interpolation interpolation);

// Probabilities (classes, height, width) of the size. Throws Error when a logit is infinite or NaN.
at::Tensor probabilities_of(at::Tensor const& logits, Size size);

// The most probable class of each pixel.
LabelMap labels_of(at::Tensor const& probabilities);

}  // namespace seplflow::nets
