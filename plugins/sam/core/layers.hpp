// The layers of SAM, with the weights of a checkpoint.
//
// All classes are immutable and safe to use from any number of threads.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/weights.hpp"

namespace seplflow::sam {

// x W^T + b over the last axis.
struct Linear {
  Linear() = default;
  Linear(Weights const& weights, std::string const& name)
      : weight(weights.at(name + ".weight")), bias(weights.at(name + ".bias")) {}

  at::Tensor operator()(at::Tensor const& x) const { return at::linear(x, weight, bias); }

  at::Tensor weight, bias;
};

// Normalises over the last axis. SAM's encoder and its LayerNorm2d use the small epsilon, so this
// class is LayerNorm2d too, with channels last.
struct LayerNorm {
  static constexpr double kEncoder = 1e-6, kDecoder = 1e-5;

  LayerNorm(Weights const& weights, std::string const& name, double with_epsilon)
      : weight(weights.at(name + ".weight")),
        bias(weights.at(name + ".bias")),
        epsilon(with_epsilon) {}

  at::Tensor operator()(at::Tensor const& x) const {
    return at::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
  }

  at::Tensor weight, bias;
  double epsilon;
};

enum class Activation { gelu, relu };

// Linear layers with an activation between them.
class Mlp {
 public:
  // lin1 and lin2 of a transformer block.
  static Mlp of_block(Weights const& weights, std::string const& name, Activation activation) {
    return Mlp({{weights, name + ".lin1"}, {weights, name + ".lin2"}}, activation);
  }
  // layers.0, layers.1, ... of a decoder head.
  static Mlp of_head(Weights const& weights, std::string const& name, std::int64_t layers) {
    std::vector<Linear> made;
    for (std::int64_t i = 0; i < layers; ++i) {
      made.emplace_back(weights, name + ".layers." + std::to_string(i));
    }
    return Mlp(std::move(made), Activation::relu);
  }

  at::Tensor operator()(at::Tensor x) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      x = layers_[i](x);
      if (i + 1 == layers_.size()) break;
      if (activation_ == Activation::gelu) {
        at::gelu_(x);
      } else {
        at::relu_(x);
      }
    }
    return x;
  }

 private:
  Mlp(std::vector<Linear> layers, Activation activation)
      : layers_(std::move(layers)), activation_(activation) {}

  std::vector<Linear> layers_;
  Activation activation_;
};

}  // namespace seplflow::sam
