#include "nets/core/deeplab.hpp"

#include <ATen/ops/argmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "nets/base/device.hpp"
#include "nets/base/shared_model.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/layers.hpp"
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
             std::int64_t dilation)
      : reduce(weights, name + "reduce", stride),
        middle(weights, name + "conv3x3", 1, dilation),
        increase(weights, name + "increase") {
    if (first) shortcut.emplace(weights, name + "shortcut", stride);
  }

  at::Tensor operator()(at::Tensor const& x) const {
    at::Tensor y = reduce(x);
    y = middle(at::relu_(y));
    y = increase(at::relu_(y));
    y += shortcut ? (*shortcut)(x) : x;
    return at::relu_(y);
  }

  ConvNorm reduce, middle, increase;
  std::optional<ConvNorm> shortcut;
};

// The network for one scale: (1, 3, H, W) to logits.
class Backbone {
 public:
  Backbone(Weights const& weights, NetworkShape const& shape) : first_(weights, "layer1.conv1", 2) {
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
      biases_.push_back(weights.at(name + ".bias").to(aspp_.back().weight.scalar_type()));
    }
  }

  at::Tensor operator()(at::Tensor x) const {
    x = first_(x);
    x = at::max_pool2d(at::relu_(x), {3, 3}, {2, 2}, {1, 1}, {1, 1}, /*ceil_mode=*/true);
    for (Bottleneck const& block : blocks_) x = block(x);
    at::Tensor sum;
    for (std::size_t i = 0; i < aspp_.size(); ++i) {
      std::int64_t const rate = aspp_[i].dilation;
      at::Tensor const part = at::conv2d(x, aspp_[i].weight, biases_[i], 1, rate, rate);
      sum = sum.defined() ? sum.add_(part) : part;
    }
    return sum;
  }

 private:
  ConvNorm first_;
  std::vector<Bottleneck> blocks_;
  std::vector<Conv> aspp_;
  std::vector<at::Tensor> biases_;
};

class DeepLabNetwork final : public DeepLab {
 public:
  explicit DeepLabNetwork(DeepLabOptions const& options)
      : DeepLabNetwork(options, NetworkFile(options.checkpoint, {Network::deeplab})) {}

  Planes logits(Image const& image) const override {
    return call_torch([&] {
      auto const turn = turns_.take();
      at::Tensor const maximum = msc(image);
      return Planes{{static_cast<std::uint32_t>(maximum.size(2)),
                     static_cast<std::uint32_t>(maximum.size(3))},
                    finite_values_of(maximum)};
    });
  }

  DeepLabResult label(Image const& image, bool with_scores) const override {
    return call_torch([&] {
      auto turn = turns_.take();
      at::Tensor const logits = msc(image).to(at::kFloat);
      require_finite(logits);
      at::Tensor const enlarged = resized(logits, image.size().height, image.size().width);
      at::Tensor const probabilities = at::softmax(enlarged, 1).select(0, 0);
      at::Tensor const best = at::argmax(probabilities, 0).to(at::kByte).to(at::kCPU).contiguous();
      at::Tensor const here = with_scores ? probabilities.to(at::kCPU) : at::Tensor();
      turn = {};
      auto const* const labels = best.data_ptr<std::uint8_t>();
      std::vector<Label> classes(with_scores ? static_cast<std::size_t>(classes_) : 0);
      std::iota(classes.begin(), classes.end(), Label{0});
      return DeepLabResult{
          LabelMap(image.size(), std::vector<Label>(labels, labels + image.size().pixels())),
          with_scores ? score_maps_of(here, std::move(classes))
                      : ScoreMaps(image.size(), {}, std::vector<float>())};
    });
  }

 private:
  DeepLabNetwork(DeepLabOptions const& options, NetworkFile const& file)
      : interpolation_(options.interpolation),
        type_(type_of(options.precision)),
        classes_(file.shape().classes),
        turns_(device_of(options.device)),
        backbone_(read_network(file, type_, turns_.device()), file.shape()) {}

  // Logits (1, classes, h, w): the maximum over three scales of the image.
  at::Tensor msc(Image const& image) const {
    static Normalisation const normalisation = caffe_normalisation();
    at::Tensor const input = tensor_of(image, normalisation).to(turns_.device(), type_);
    at::Tensor maximum = backbone_(input);
    for (double const scale : {0.5, 0.75}) {
      at::Tensor const small = backbone_(scaled(input, scale));
      maximum = at::maximum(maximum, resized(small, maximum.size(2), maximum.size(3)));
    }
    return maximum;
  }

  at::Tensor scaled(at::Tensor const& input, double scale) const {
    auto const side = [&](std::int64_t axis) {
      return std::max<std::int64_t>(
          1, static_cast<std::int64_t>(std::floor(static_cast<double>(input.size(axis)) * scale)));
    };
    bool const by_scale = interpolation_ == Interpolation::torch16;
    return resized(input, side(2), side(3), by_scale ? std::optional(scale) : std::nullopt);
  }

  Interpolation interpolation_;
  at::ScalarType type_;
  std::int64_t classes_;
  DeviceTurns turns_;
  Backbone backbone_;
};

}  // namespace

std::shared_ptr<DeepLab const> open_deeplab(DeepLabOptions const& options) {
  return opened<DeepLabNetwork>(options);
}

}  // namespace seplflow::nets
