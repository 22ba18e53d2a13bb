#include <seplflow/error.hpp>
#include "nets/trainer.hpp"

namespace seplflow::nets {
namespace {

// The published network for this many classes.
NetworkShape published_shape(Network network, std::int64_t classes) {
  NetworkShape shape;
  shape.network = network;
  shape.width = 64;
  shape.classes = classes;
  switch (network) {
    case Network::deeplab:
      shape.blocks = {3, 4, 23, 3};
      break;
    case Network::irn_cam:
      shape.blocks = {3, 4, 6, 3};
      break;
    case Network::irn:
      shape.blocks = {3, 4, 6, 3};
      shape.edge = 32;
      shape.displacement = 64;
      break;
    case Network::psa_cam:
    case Network::psa_affinity:
      shape.blocks = {3, 3, 6, 3};
      if (network == Network::psa_affinity) shape.levels = {64, 128, 256, 448};
      break;
  }
  return shape;
}

}  // namespace

OptimizerOptions published_optimizer(Network network) {
  OptimizerOptions options;
  if (network == Network::deeplab) {
    options.rate = 2.5e-4;
    options.momentum = 0.9;
    options.weight_decay = 5e-4;
    options.iterations = 20000;
    options.rate_step = 10;
    options.iter_size = 2;
    return options;
  }
  options.rate = 0.1;
  options.weight_decay = network == Network::psa_affinity ? 5e-4 : 1e-4;
  options.momentum = options.weight_decay;
  return options;
}

std::vector<std::string> loss_parts(Network network) {
  switch (network) {
    case Network::deeplab:
      return {"loss_100", "loss_050", "loss_075", "loss_max"};
    case Network::irn:
      return {"loss_positive", "loss_negative", "loss_displacement_objects",
              "loss_displacement_background"};
    case Network::psa_affinity:
      return {"loss_background", "loss_objects", "loss_different"};
    case Network::irn_cam:
    case Network::psa_cam:
      break;
  }
  return {};
}

NetworkShape shape_to_train(TrainerOptions const& options) {
  NetworkShape shape = published_shape(options.network, options.classes);
  if (options.checkpoint.empty()) {
    if (options.width > 0) shape.width = options.width;
    for (std::size_t group = 0; group < shape.blocks.size(); ++group) {
      if (options.blocks[group] > 0) shape.blocks[group] = options.blocks[group];
    }
    return shape;
  }
  shape = NetworkFile::to_train(options.checkpoint, shape).shape();
  if (shape.classes == options.classes || options.classes == 0) return shape;
  throw Error("the checkpoint " + options.checkpoint.string() + " predicts " +
              std::to_string(shape.classes) + " classes, but " + std::to_string(options.classes) +
              " are to be learned; use a checkpoint for these classes, or one without its last "
              "layers, which are then trained anew");
}

}  // namespace seplflow::nets
