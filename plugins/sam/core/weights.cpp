#include "core/weights.hpp"

#include <ATen/ops/empty.h>

#include <span>

#include <seplflow/error.hpp>
#include "base/finite.hpp"
#include "core/checkpoint.hpp"

namespace seplflow::sam {
namespace {

at::Tensor tensor_of(Array const& array) {
  at::Tensor const tensor =
      at::empty(std::vector<std::int64_t>(array.shape().begin(), array.shape().end()),
                at::TensorOptions(at::kFloat));
  array.copy_to(tensor.data_ptr<float>());
  return tensor;
}

}  // namespace

Weights read_weights(std::filesystem::path const& checkpoint, at::ScalarType type,
                     at::Device device) {
  Checkpoint const file(checkpoint);
  file.verify();
  Weights::Tensors tensors;
  file.for_each_tensor([&](std::string const& name, Array const& array) {
    // Positions in the image need full precision.
    bool const positions = name.starts_with("prompt_encoder.pe_layer.");
    at::Tensor const values = tensor_of(array);
    if (!all_finite(std::span<float const>(values.data_ptr<float>(), array.size()))) {
      throw Error("the checkpoint " + checkpoint.string() + ": tensor " + name +
                  " holds values that are infinite or NaN; the file is damaged, or its training "
                  "went wrong");
    }
    tensors.emplace(name, values.to(device, positions ? at::kFloat : type));
  });
  return Weights(file.shape(), std::move(tensors));
}

}  // namespace seplflow::sam
