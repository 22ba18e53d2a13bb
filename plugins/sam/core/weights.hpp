// The tensors of a checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "core/model_sizes.hpp"

namespace seplflow::sam {

// All tensors of a model, by name.
class Weights {
 public:
  using Tensors = std::map<std::string, at::Tensor, std::less<>>;

  Weights(ModelShape shape, Tensors tensors)
      : shape_(std::move(shape)), tensors_(std::move(tensors)) {}

  ModelShape const& shape() const { return shape_; }

  // Throws std::logic_error for a name that is not in expected_tensors().
  at::Tensor const& at(std::string const& name) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) throw std::logic_error("SAM has no tensor " + name);
    return found->second;
  }

 private:
  ModelShape shape_;
  Tensors tensors_;
};

// Reads the weights of a checkpoint (checkpoint.hpp). Tensors of any floating-point type become
// `type` on `device`; the frequencies that encode positions stay float32. Throws Error like
// Checkpoint, and when a weight is infinite or NaN.
Weights read_weights(std::filesystem::path const& checkpoint, at::ScalarType type,
                     at::Device device);

}  // namespace seplflow::sam
