// Networks with the losses that they learn from.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nets/base/weights.hpp"
#include "nets/trainer.hpp"

namespace seplflow::nets {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// How a tensor learns.
struct LearningGroup {
  double rate_factor;  // times the rate of the pretrained layers
  bool decays;
};

// The group of a tensor of the official training, or nothing if it does not change. Of a network
// with random weights all convolutions learn.
std::optional<LearningGroup> learning_group(Network network, std::string const& name,
                                            bool is_random);

// A network in training. Images are (N, 3, H, W) on the device, in the type of the computation.
// Losses are float32 on the device; nothing waits for it.
class Learner {
 public:
  struct Loss {
    at::Tensor total;
    std::vector<at::Tensor> parts;  // as in loss_parts()
  };

  virtual ~Learner() = default;
  // Throws Error when the labels, or the size of a batch, do not fit the network.
  virtual void require_fit(TrainingBatch const& batch) const = 0;
  // Runs the network, for what it measures.
  virtual void run(at::Tensor const& images) const = 0;
  // `draw` counts the micro batches of a training, so that equal numbers draw equal dropout; nothing
  // is dropped without it.
  virtual Loss loss(at::Tensor const& images, TrainingBatch const& batch,
                    std::optional<std::int64_t> draw) const = 0;
  virtual NamedTensors outputs(at::Tensor const& images, TrainingBatch const& batch) const = 0;
  // DeepLab: labels as in evaluation.
  virtual LabelMap labels(Image const& image, at::Device device, at::ScalarType type) const;
  // IRNet: displacements (N, 2, h, w) as in evaluation.
  virtual at::Tensor displacements(at::Tensor const& images) const;
};

std::unique_ptr<Learner> make_deeplab_learner(Weights const& weights, NetworkShape const& shape);
std::unique_ptr<Learner> make_classifier_learner(Weights const& weights, NetworkShape const& shape);
std::unique_ptr<Learner> make_irn_learner(Weights const& weights, NetworkShape const& shape);
std::unique_ptr<Learner> make_affinity_learner(Weights const& weights, NetworkShape const& shape,
                                               TrainerOptions const& options);

// Bytes or floats on a device, copied without waiting for it.
at::Tensor uploaded(std::uint8_t const* values, std::vector<std::int64_t> const& shape,
                    at::Device device);
at::Tensor uploaded(float const* values, std::vector<std::int64_t> const& shape, at::Device device);

// The tensors that a training begins with, float32 on the device, and the counters of its file.
// What the checkpoint lacks, or everything without one, is drawn by the seed.
struct InitialWeights {
  Weights::Tensors tensors;
  std::map<std::string, std::int64_t> counters;
};
InitialWeights initial_weights(TrainerOptions const& options, NetworkShape const& shape,
                               at::Device device);

// The label maps of a batch at another size, by Pillow's NEAREST.
std::vector<std::uint8_t> labels_at(TrainingBatch const& batch, Size size);

// Throws Error, naming the sample, when a label is neither below `classes` nor 255.
void require_labels_below(TrainingBatch const& batch, std::int64_t classes);

}  // namespace seplflow::nets
