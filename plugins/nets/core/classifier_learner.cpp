#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/mean.h>

#include <seplflow/error.hpp>
#include "nets/core/learner.hpp"
#include "nets/core/resnet50.hpp"

namespace seplflow::nets {
namespace {

// IRN's classifier.
class ClassifierLearner final : public Learner {
 public:
  ClassifierLearner(Weights const& weights, NetworkShape const& shape)
      : classes_(shape.classes),
        backbone_(weights, shape),
        head_(weights.at("classifier.weight")) {}

  void require_fit(TrainingBatch const& batch) const override {
    if (batch.classes.size() == batch.count * static_cast<std::size_t>(classes_)) return;
    throw Error("a batch of " + std::to_string(batch.count) + " images has " +
                std::to_string(batch.classes.size()) + " classes; the network learns " +
                std::to_string(classes_) + " of each image");
  }

  void run(at::Tensor const& images) const override { backbone_(images); }

  Loss loss(at::Tensor const& images, TrainingBatch const& batch,
            std::optional<std::int64_t>) const override {
    at::Tensor const scores = scores_of(images);
    at::Tensor const present =
        uploaded(batch.classes.data(), {scores.size(0), classes_}, scores.device());
    at::Tensor const likelihood =
        present * at::log_sigmoid(scores) + (1 - present) * at::log_sigmoid(-scores);
    return {-(likelihood.sum(1) / classes_).mean(), {}};
  }

  NamedTensors outputs(at::Tensor const& images, TrainingBatch const&) const override {
    return {{"scores", scores_of(images)}};
  }

 private:
  // (N, classes): a linear function of the mean features.
  at::Tensor scores_of(at::Tensor const& images) const {
    at::Tensor const mean = backbone_(images).flatten(2).to(at::kFloat).mean(2);
    return at::conv2d(mean.unsqueeze(2).unsqueeze(3), head_).flatten(1);
  }

  std::int64_t classes_;
  ResNet50 backbone_;
  at::Tensor head_;
};

}  // namespace

std::unique_ptr<Learner> make_classifier_learner(Weights const& weights,
                                                 NetworkShape const& shape) {
  return std::make_unique<ClassifierLearner>(weights, shape);
}

}  // namespace seplflow::nets
