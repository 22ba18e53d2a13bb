#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max.h>
#include <ATen/ops/nll_loss2d.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "nets/core/deeplab_network.hpp"
#include "nets/core/learner.hpp"
#include "nets/core/pictures.hpp"

namespace seplflow::nets {
namespace {

constexpr std::uint8_t kUnlabelled = 255;
constexpr std::array<char const*, 4> kOutputs = {"100", "050", "075", "max"};

class DeepLabLearner final : public Learner {
 public:
  DeepLabLearner(Weights const& weights, NetworkShape const& shape)
      : classes_(shape.classes), backbone_(weights, shape) {}

  void require_fit(TrainingBatch const& batch) const override {
    require_labels_below(batch, classes_);
  }

  void run(at::Tensor const& images) const override { backbone_(images); }

  Loss loss(at::Tensor const& images, TrainingBatch const& batch,
            std::optional<std::int64_t>) const override {
    Loss loss;
    for (auto const& [name, logits] : logits_of(images)) {
      at::Tensor const part = cross_entropy(logits, batch);
      loss.total = loss.total.defined() ? loss.total + part : part;
      loss.parts.push_back(part);
    }
    return loss;
  }

  LabelMap labels(Image const& image, at::Device device, at::ScalarType type) const override {
    return labels_of(probabilities_of(
        msc_logits(backbone_, image, device, type, Interpolation::torch16), image.size()));
  }

  NamedTensors outputs(at::Tensor const& images, TrainingBatch const& batch) const override {
    NamedTensors outputs;
    for (auto const& [name, logits] : logits_of(images)) {
      outputs.emplace_back("logits_" + name, logits);
      outputs.emplace_back("target_" + name, target_of(logits, batch).first);
    }
    return outputs;
  }

 private:
  // The logits at each scale, and the largest of each pixel.
  NamedTensors logits_of(at::Tensor const& images) const {
    at::Tensor const full = backbone_(images);
    NamedTensors all{{kOutputs[0], full}};
    std::vector<at::Tensor> enlarged{full};
    for (std::size_t i = 0; i < kDeepLabScales.size(); ++i) {
      at::Tensor const small =
          backbone_(scaled_input(images, kDeepLabScales[i], Interpolation::torch16));
      all.emplace_back(kOutputs[i + 1], small);
      enlarged.push_back(resized(small, full.size(2), full.size(3)));
    }
    all.emplace_back(kOutputs.back(), std::get<0>(at::max(at::stack(enlarged), 0)));
    return all;
  }

  // Labels (N, h, w) at the size of the logits, and the number of pixels that have one.
  static std::pair<at::Tensor, std::int64_t> target_of(at::Tensor const& logits,
                                                       TrainingBatch const& batch) {
    std::vector<std::uint8_t> const labels = labels_at(
        batch,
        {static_cast<std::uint32_t>(logits.size(2)), static_cast<std::uint32_t>(logits.size(3))});
    return {
        uploaded(labels.data(), {logits.size(0), logits.size(2), logits.size(3)}, logits.device()),
        std::ssize(labels) - std::ranges::count(labels, kUnlabelled)};
  }

  // The mean over the pixels that have a label; 0, without gradient, where none has.
  static at::Tensor cross_entropy(at::Tensor const& logits, TrainingBatch const& batch) {
    constexpr std::int64_t kSum = 2;  // at::Reduction::Sum
    auto const [target, counted] = target_of(logits, batch);
    at::Tensor const likelihood = at::log_softmax(logits.to(at::kFloat), 1);
    return at::nll_loss2d(likelihood, target.to(at::kLong), {}, kSum, kUnlabelled) /
           static_cast<double>(std::max<std::int64_t>(counted, 1));
  }

  std::int64_t classes_;
  DeepLabBackbone backbone_;
};

}  // namespace

std::unique_ptr<Learner> make_deeplab_learner(Weights const& weights, NetworkShape const& shape) {
  return std::make_unique<DeepLabLearner>(weights, shape);
}

}  // namespace seplflow::nets
