// The tensors of a checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

#include "core/model_sizes.hpp"
#include "nets/base/weights.hpp"

namespace seplflow::sam {

// All tensors of a model, by name.
class Weights : public nets::Weights {
 public:
  Weights(ModelShape shape, Tensors tensors)
      : nets::Weights(std::move(tensors)), shape_(std::move(shape)) {}

  ModelShape const& shape() const { return shape_; }

 private:
  ModelShape shape_;
};

// Reads the weights of a checkpoint (checkpoint.hpp). Tensors of any floating-point type become
// `type` on `device`; the frequencies that encode positions stay float32. Throws Error like
// Checkpoint, and when a weight is infinite or NaN.
Weights read_weights(std::filesystem::path const& checkpoint, at::ScalarType type,
                     at::Device device);

}  // namespace seplflow::sam
