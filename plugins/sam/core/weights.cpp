#include "core/weights.hpp"

#include <ATen/ops/empty.h>

#include <cstring>

#include "core/checkpoint.hpp"

namespace seplflow::sam {
namespace {

at::Tensor tensor_of(Array const& array) {
  at::Tensor const tensor =
      at::empty(std::vector<std::int64_t>(array.shape().begin(), array.shape().end()),
                at::TensorOptions(at::kFloat));
  if (array.type() == ElementType::float32 && array.is_contiguous()) {
    auto const bytes = array.contiguous_bytes();
    if (!bytes.empty()) std::memcpy(tensor.data_ptr<float>(), bytes.data(), bytes.size());
  } else {
    auto const values = array.to_vector<float>();
    std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  }
  return tensor;
}

}  // namespace

Weights read_weights(std::filesystem::path const& checkpoint, at::ScalarType type,
                     at::Device device) {
  Checkpoint const file(checkpoint);
  Weights::Tensors tensors;
  file.for_each_tensor([&](std::string const& name, Array const& array) {
    // Places in the image need all their digits.
    bool const places = name.starts_with("prompt_encoder.pe_layer.");
    tensors.emplace(name, tensor_of(array).to(device, places ? at::kFloat : type));
  });
  return Weights(file.shape(), std::move(tensors));
}

}  // namespace seplflow::sam
