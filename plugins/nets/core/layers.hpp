// The layers of the networks, with the weights of a checkpoint. All are immutable and safe to use
// from any number of threads. Tensors are (images, channels, height, width).
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>

#include <cstdint>
#include <string>

#include "nets/base/weights.hpp"
#include "nets/shapes.hpp"

namespace seplflow::nets {

// The weights of a checkpoint; its checksums are verified. Vectors stay float32, as normalisation
// needs them.
Weights read_network(NetworkFile const& file, at::ScalarType type, at::Device device);

// A convolution without bias.
struct Conv {
  Conv(Weights const& weights, std::string const& name, std::int64_t with_stride = 1,
       std::int64_t with_dilation = 1)
      : weight(weights.at(name + ".weight")), stride(with_stride), dilation(with_dilation) {}

  at::Tensor operator()(at::Tensor const& x) const {
    // Keeps the size but for the stride. Weights that are trained stay float32.
    std::int64_t const padding = weight.size(-1) / 2 * dilation;
    return at::conv2d(x, weight.to(x.scalar_type()), {}, stride, padding, dilation);
  }

  at::Tensor weight;
  std::int64_t stride, dilation;
};

// Batch normalisation with the statistics of the checkpoint; or it measures those of its input.
struct BatchNorm {
  static constexpr double kEpsilon = 1e-5;

  BatchNorm(Weights const& weights, std::string const& name)
      : weight(weights.at(name + ".weight")),
        bias(weights.at(name + ".bias")),
        mean(weights.at(name + ".running_mean")),
        variance(weights.at(name + ".running_var")),
        measures(weights.measures_norms()) {}

  at::Tensor operator()(at::Tensor const& x) const {
    return at::batch_norm(x, weight, bias, mean, variance, measures, 1, kEpsilon, false);
  }

  at::Tensor weight, bias, mean, variance;
  bool measures;
};

}  // namespace seplflow::nets
