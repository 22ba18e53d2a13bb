#include "nets/base/weights.hpp"

#include <ATen/ops/empty.h>

#include <span>
#include <vector>

#include <seplflow/error.hpp>
#include "base/finite.hpp"

namespace seplflow::nets {

at::Tensor read_tensor(Array const& array, at::ScalarType type, at::Device device,
                       std::string const& file, std::string const& name) {
  at::Tensor const tensor =
      at::empty(std::vector<std::int64_t>(array.shape().begin(), array.shape().end()),
                at::TensorOptions(at::kFloat));
  array.copy_to(tensor.data_ptr<float>());
  if (!all_finite(std::span<float const>(tensor.data_ptr<float>(), array.size()))) {
    throw Error(file + ": tensor " + name +
                " holds values that are infinite or NaN; the file is damaged, or its training went "
                "wrong");
  }
  return tensor.to(device, type);
}

std::vector<float> values_of(at::Tensor const& tensor) {
  at::Tensor const here = tensor.to(at::kCPU, at::kFloat).contiguous();
  float const* const values = here.data_ptr<float>();
  return {values, values + here.numel()};
}

std::vector<float> finite_values_of(at::Tensor const& tensor) {
  std::vector<float> values = values_of(tensor);
  if (all_finite<float>(values)) return values;
  throw Error(
      "the network computes values that are infinite or NaN: its weights are not those of a trained "
      "network, or it needs precision = \"float32\"");
}

}  // namespace seplflow::nets
