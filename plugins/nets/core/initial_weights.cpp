#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <string_view>

#include "nets/core/layers.hpp"
#include "nets/core/learner.hpp"
#include "nets/network_tensors.hpp"

namespace seplflow::nets {
namespace {

// Draws weights as the official code does.
class Drawing {
 public:
  Drawing(Network network, std::uint64_t seed)
      : network_(network), generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

  at::Tensor tensor(std::string const& name, Dims const& shape) {
    if (name.ends_with(".running_var")) return at::ones(shape, at::kFloat);
    bool const statistic = name.ends_with(".running_mean");
    if (shape.size() == 1 && name.ends_with(".weight")) return at::ones(shape, at::kFloat);
    if (shape.size() > 1) return convolution(name, shape);
    if (statistic || name != "fc_edge6.bias") return at::zeros(shape, at::kFloat);
    return uniform(shape, 1 / std::sqrt(static_cast<double>(edge_inputs_)));
  }

 private:
  at::Tensor convolution(std::string const& name, Dims const& shape) {
    std::int64_t const area = shape[2] * shape[3], inputs = shape[1] * area;
    if (name == "fc_edge6.weight") edge_inputs_ = inputs;
    if (network_ == Network::deeplab && name.starts_with("aspp.")) return normal(shape, 0.01);
    // He's initialisation: of f8_* by their inputs, of backbones by their outputs.
    if (name.starts_with("f8_")) return normal(shape, std::sqrt(2. / static_cast<double>(inputs)));
    if (!is_head(name, network_)) {
      return normal(shape, std::sqrt(2. / static_cast<double>(shape[0] * area)));
    }
    if (name.starts_with("f9.")) {  // Xavier's, times 4
      return uniform(shape, 4 * std::sqrt(6. / static_cast<double>(shape[0] * area + inputs)));
    }
    return uniform(shape, 1 / std::sqrt(static_cast<double>(inputs)));  // torch's default
  }

  at::Tensor normal(Dims const& shape, double deviation) {
    return at::empty(shape, at::kFloat).normal_(0, deviation, generator_);
  }
  at::Tensor uniform(Dims const& shape, double bound) {
    return at::empty(shape, at::kFloat).uniform_(-bound, bound, generator_);
  }

  Network network_;
  at::Generator generator_;
  std::int64_t edge_inputs_ = 1;
};

}  // namespace

InitialWeights initial_weights(TrainerOptions const& options, NetworkShape const& shape,
                               at::Device device) {
  InitialWeights made;
  if (!options.checkpoint.empty()) {
    auto const file = NetworkFile::to_train(options.checkpoint, shape);
    file.state().verify();
    file.for_each_tensor([&](std::string const& name, Array const& array) {
      made.tensors.emplace(name, read_tensor(array, at::kFloat, device, file.state().name(), name));
    });
    made.counters = file.counters();
  }
  Drawing drawing(options.network, options.seed);
  auto const expected = expected_tensors(shape);
  // Weights before biases, whose range they give.
  for (bool const biases : {false, true}) {
    for (auto const& [name, dims] : expected) {
      if (name.ends_with(".bias") != biases || made.tensors.contains(name)) continue;
      made.tensors.emplace(name, drawing.tensor(name, dims).to(device));
    }
  }
  return made;
}

}  // namespace seplflow::nets
