// Networks that learn: what the stages train.* need from the library that is built on torch
// (networks.hpp). Needs no torch. A trainer is used by one thread at a time.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/size.hpp>
#include "nets/base/model_options.hpp"
#include "nets/shapes.hpp"

namespace seplflow::nets {

// How weights change.
struct OptimizerOptions {
  double rate = 0;              // of the pretrained layers, in the first iteration
  double momentum = 0;          // as torch's SGD has it: v = momentum v + g + decay w; w -= rate v
  double weight_decay = 0;      // of all groups but DeepLab's biases
  double power = 0.9;           // iteration i, from 0, has rate (1 - i / iterations)^power
  std::int64_t iterations = 0;  // of the whole training, at least 1
  std::int64_t rate_step = 1;   // the rate changes where i is a multiple of it
  std::int64_t iter_size = 1;   // micro batches whose gradients an iteration adds up

  auto operator<=>(OptimizerOptions const&) const = default;
};

// The optimizer of the published training of a network. Those of IRN and PSA have a momentum of
// 1e-4 and 5e-4, since they pass the decay in the place of the momentum.
OptimizerOptions published_optimizer(Network network);

struct TrainerOptions : ModelOptions {
  Network network{};  // deeplab, irn_cam, irn or psa_affinity

  // Where the weights come from: `checkpoint`, or random ones if it is empty. A checkpoint may lack
  // the layers that are trained anew: DeepLab's "base." and ASPP, the classifier of IRN (then it is
  // torchvision's resnet50), the layers on top of the backbone of IRNet and AffinityNet. Those that
  // it lacks are drawn as the official code draws them.
  std::uint64_t seed = 0;  // of all weights that are drawn, and of dropout
  // Of random weights only; 0 stands for the published size.
  std::int64_t width = 0;                // channels after the first convolution
  std::array<std::int64_t, 4> blocks{};  // of the four groups of residual blocks

  std::int64_t classes = 0;  // DeepLab: with background. A classifier: without. Others: 0
  OptimizerOptions optimizer;
  double dropout = 1;        // factor of AffinityNet's rates of dropout; 0: none
  std::int64_t threads = 1;  // of a CPU. Equal numbers give equal bits

  auto operator<=>(TrainerOptions const&) const = default;
};

// What the loss of a network consists of, as columns of a table; empty for a loss without parts.
std::vector<std::string> loss_parts(Network network);

// The shape of the network that these options train, at check time: reads the names and shapes of
// the checkpoint, and no weights. Throws Error when it is a checkpoint of another network, or when
// its classes differ from `classes`; 0 stands for any.
NetworkShape shape_to_train(TrainerOptions const& options);

// A micro batch: crops that are augmented and normalised, all of one size.
struct TrainingBatch {
  std::size_t count = 0;      // N
  Size size;                  // H x W
  std::vector<float> images;  // N x 3 x H x W, channels in the order of input_of()
  Size label_size;            // H x W; AffinityNet: an eighth. A classifier: unused
  // N x height x width of label_size, 255 where there is none. IRNet reduces them to a quarter
  // itself (Pillow's NEAREST). A classifier: empty.
  std::vector<std::uint8_t> labels;
  std::vector<float> classes;    // a classifier: N x K of 0 and 1. Others: empty
  std::vector<std::string> ids;  // of the N samples, for messages
};

// What an iteration did.
struct IterationReport {
  std::int64_t iteration = 0;  // from 1
  // The loss whose gradient was followed: for DeepLab the sum over the outputs divided by
  // iter_size, added up over the micro batches; for others the mean over the micro batches.
  double loss = 0;
  std::vector<double> parts;  // as in loss_parts(), the mean over the micro batches
  double rate = 0;            // of the pretrained layers
};

// Values with a name: a weight, a gradient, an output.
struct NamedValues {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// A network, its optimizer and its place in the training.
class Trainer {
 public:
  virtual ~Trainer() = default;

  virtual NetworkShape const& shape() const = 0;
  // Iterations that are done.
  virtual std::int64_t iteration() const = 0;

  // Adds the gradients of a micro batch. Waits for no GPU; the batch may be reused at once. Throws
  // Error, with the ids, when a batch does not fit the network, and OutOfMemory, which names the
  // batch and the crop.
  virtual void accumulate(TrainingBatch const& batch) = 0;
  // Completes the iteration: changes the weights by the gradients that were added up.
  virtual void step() = 0;
  // The reports of the iterations since the last call. Waits for the device. Throws Error, which
  // names iteration and samples, when a loss became infinite or NaN: the weights are lost then.
  virtual std::vector<IterationReport> take_reports() = 0;

  // IRNet only, after the last step: takes part of the mean displacement from a batch of top-left
  // crops (labels unused). encode_weights() then holds the mean over the batches.
  virtual void add_to_mean_displacement(TrainingBatch const& batch) = 0;

  // With the present weights, without dropout: the labels that label.deeplab computes of an image
  // (DeepLab only), and the loss of a batch. They change nothing, and wait for the device.
  virtual LabelMap labels(Image const& image) const = 0;
  virtual double loss(TrainingBatch const& batch) const = 0;

  // The weights as a file of torch.save (zip form) with the official names, all of them, so that
  // load_state_dict(strict=True) of the official class takes it. Throws like take_reports(), whose
  // reports stay.
  virtual std::vector<std::uint8_t> encode_weights() const = 0;
  // All that the training needs to go on bit for bit: weights, momentum, iteration; `place` is the
  // caller's own. Only between iterations. Throws like take_reports().
  virtual std::vector<std::uint8_t> encode_state(std::string const& place) const = 0;
  // Goes on from such a file, and returns its place. Throws Error, naming the file, when it is not
  // a state of this training: other network, sizes or optimizer.
  virtual std::string restore(std::filesystem::path const& file) = 0;

  // Present weights (official names, each once), gradients that were added up since the last step,
  // and what the network computes of a batch beside what the loss compares it with. Change nothing.
  virtual std::vector<NamedValues> weights() const = 0;
  virtual std::vector<NamedValues> gradients() const = 0;
  virtual std::vector<NamedValues> outputs(TrainingBatch const& batch) const = 0;
};

}  // namespace seplflow::nets
