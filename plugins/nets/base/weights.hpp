// The tensors of a network in torch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>

#include <seplflow/formats/array.hpp>

namespace seplflow::nets {

// All tensors of a network, by name.
class Weights {
 public:
  using Tensors = std::map<std::string, at::Tensor, std::less<>>;

  // A network that measures norms sets the statistics of its normalisations to those of its input.
  explicit Weights(Tensors tensors, bool measures_norms = false)
      : tensors_(std::move(tensors)), measures_norms_(measures_norms) {}

  bool measures_norms() const { return measures_norms_; }

  // Throws std::logic_error for a name that the network does not have.
  at::Tensor const& at(std::string const& name) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) throw std::logic_error("the network has no tensor " + name);
    return found->second;
  }

 private:
  Tensors tensors_;
  bool measures_norms_;
};

// A tensor of a file on a device; `file` and `name` stand for them in messages. Throws Error when a
// value is infinite or NaN.
at::Tensor read_tensor(Array const& array, at::ScalarType type, at::Device device,
                       std::string const& file, std::string const& name);

// The values of a tensor as float32, wherever it is.
std::vector<float> values_of(at::Tensor const& tensor);

// The same for what a network computed. Throws Error when a value is infinite or NaN.
std::vector<float> finite_values_of(at::Tensor const& tensor);
inline void require_finite(at::Tensor const& tensor) {
  finite_values_of(tensor);
}

}  // namespace seplflow::nets
