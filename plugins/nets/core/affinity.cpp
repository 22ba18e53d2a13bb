#include "nets/core/affinity.hpp"

#include <ATen/ops/abs.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "nets/base/device.hpp"
#include "nets/base/shared_model.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/irnet.hpp"
#include "nets/core/pictures.hpp"
#include "nets/core/resnet38.hpp"

namespace seplflow::nets {
namespace {

// The normalised image, padded with zeros at the right and the bottom.
at::Tensor padded(Image const& image, std::int64_t height, std::int64_t width) {
  at::Tensor const input = at::zeros({1, 3, height, width}, at::TensorOptions(at::kFloat));
  input.narrow(2, 0, image.size().height)
      .narrow(3, 0, image.size().width)
      .copy_(tensor_of(image, imagenet_normalisation()));
  return input;
}

std::int64_t multiple(std::uint32_t side, std::int64_t of) {
  return (std::int64_t{side} + of - 1) / of * of;
}

class IrnNetwork final : public BoundaryNetwork {
 public:
  explicit IrnNetwork(ModelOptions const& options)
      : IrnNetwork(options, NetworkFile(options.checkpoint, {Network::irn})) {}

  Planes boundaries(Image const& image) const override {
    return call_torch([&] {
      auto const turn = turns_.take();
      Size const quarter{static_cast<std::uint32_t>(multiple(image.size().height, 4) / 4),
                         static_cast<std::uint32_t>(multiple(image.size().width, 4) / 4)};
      // The padding takes part in GroupNorm, so it must be IRN's.
      auto const side = [](std::uint32_t of) { return std::max(kCrop, multiple(of, 16)); };
      at::Tensor const one = padded(image, side(image.size().height), side(image.size().width));
      at::Tensor const mirrored = padded_mirror(one, image.size().width);
      at::Tensor const both = at::cat({one, mirrored}).to(turns_.device(), type_);
      at::Tensor const logits = network_.edges(network_.levels(both))
                                    .narrow(2, 0, quarter.height)
                                    .narrow(3, 0, quarter.width);
      at::Tensor const mean = logits.select(0, 0) / 2 + at::flip(logits.select(0, 1), {2}) / 2;
      return Planes{quarter, finite_values_of(at::sigmoid(mean))};
    });
  }

 private:
  static constexpr std::int64_t kCrop = 512;  // pixels a side that IRN pads images to

  IrnNetwork(ModelOptions const& options, NetworkFile const& file)
      : type_(type_of(options.precision)),
        turns_(device_of(options.device)),
        network_(read_network(file, type_, turns_.device()), file.shape()) {}

  // The image mirrored within its own width.
  static at::Tensor padded_mirror(at::Tensor const& input, std::int64_t width) {
    at::Tensor const mirrored = at::zeros_like(input);
    mirrored.narrow(3, 0, width).copy_(at::flip(input.narrow(3, 0, width), {3}));
    return mirrored;
  }

  at::ScalarType type_;
  DeviceTurns turns_;
  IrNet network_;
};

class PsaNetwork final : public AffinityNetwork {
 public:
  explicit PsaNetwork(ModelOptions const& options)
      : PsaNetwork(options, NetworkFile(options.checkpoint, {Network::psa_affinity})) {}

  Affinities affinities(Image const& image) const override {
    return call_torch([&] {
      auto const turn = turns_.take();
      at::Tensor const x = features(image);
      Affinities made{
          {static_cast<std::uint32_t>(x.size(1)), static_cast<std::uint32_t>(x.size(2))},
          pair_offsets(kRadius),
          {}};
      made.values.resize(made.offsets.size() * made.size.pixels());
      // PSA has no pairs from pixels near the left, right and lower border.
      std::int64_t const rows = x.size(1) - kReach, columns = x.size(2) - 2 * kReach;
      if (rows < 1 || columns < 1) return made;
      at::Tensor const from = x.narrow(1, 0, rows).narrow(2, kReach, columns);
      for (std::size_t k = 0; k < made.offsets.size(); ++k) {
        auto const [down, right] = made.offsets[k];
        at::Tensor const to = x.narrow(1, down, rows).narrow(2, kReach + right, columns);
        std::vector<float> const values = finite_values_of(at::exp(-at::abs(from - to).mean(0)));
        for (std::int64_t y = 0; y < rows; ++y) {
          std::copy_n(values.begin() + y * columns, columns,
                      made.plane(k).begin() + y * x.size(2) + kReach);
        }
      }
      return made;
    });
  }

 private:
  static constexpr std::int64_t kRadius = 5, kReach = kRadius - 1;

  PsaNetwork(ModelOptions const& options, NetworkFile const& file)
      : type_(type_of(options.precision)),
        turns_(device_of(options.device)),
        network_(read_network(file, type_, turns_.device()), file.shape()) {}

  // (channels, ceil(H / 8), ceil(W / 8)), float32.
  at::Tensor features(Image const& image) const {
    at::Tensor const input =
        padded(image, multiple(image.size().height, 8), multiple(image.size().width, 8))
            .to(turns_.device(), type_);
    return network_(input).select(0, 0).to(at::kFloat);
  }

  at::ScalarType type_;
  DeviceTurns turns_;
  AffinityFeatures network_;
};

}  // namespace

std::shared_ptr<BoundaryNetwork const> open_irn(ModelOptions const& options) {
  return opened<IrnNetwork>(options);
}

std::shared_ptr<AffinityNetwork const> open_affinity(ModelOptions const& options) {
  return opened<PsaNetwork>(options);
}

}  // namespace seplflow::nets
