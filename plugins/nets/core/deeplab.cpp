#include "nets/core/deeplab.hpp"

#include <ATen/ops/argmax.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/softmax.h>

#include <array>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "nets/base/device.hpp"
#include "nets/base/shared_model.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/deeplab_network.hpp"
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
    for (double const scale : kDeepLabScales) {
      at::Tensor const small = backbone_(scaled_input(input, scale, interpolation_));
      maximum = at::maximum(maximum, resized(small, maximum.size(2), maximum.size(3)));
    }
    return maximum;
  }

  Interpolation interpolation_;
  at::ScalarType type_;
  std::int64_t classes_;
  DeviceTurns turns_;
  DeepLabBackbone backbone_;
};

}  // namespace

std::shared_ptr<DeepLab const> open_deeplab(DeepLabOptions const& options) {
  return opened<DeepLabNetwork>(options);
}

}  // namespace seplflow::nets
