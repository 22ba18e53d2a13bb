#include "core/weights.hpp"

#include <ATen/ops/empty.h>

#include <cstring>
#include <optional>
#include <vector>

#include "data/error.hpp"
#include "formats/torch_file.hpp"

namespace seplflow::sam {
namespace {

// The dict of tensors in the file: itself, or under the name that training scripts give it.
PickleValue state_dict(PickleValue const& root, std::string const& name) {
  if (!root.is(PickleValue::Kind::dict)) {
    throw Error(name + " holds " + root.description() + "; expected a dict of tensors");
  }
  for (std::string_view const key : {"model", "state_dict"}) {
    auto const inner = root.find(key);
    if (inner && inner->is(PickleValue::Kind::dict)) return *inner;
  }
  return root;
}

std::vector<std::int64_t> shape_of(Array const& array) {
  return {array.shape().begin(), array.shape().end()};
}

TensorShapes shapes_of(PickleValue const& state, std::string const& name) {
  TensorShapes shapes;
  for (std::size_t i = 0; i < state.size(); ++i) {
    PickleValue const key = state.key(i), value = state.value(i);
    if (!key.is(PickleValue::Kind::text) || !value.is(PickleValue::Kind::array)) {
      throw Error(name + " does not hold a SAM model alone: beside tensors there is " +
                  key.description() + " with " + value.description() +
                  "; save the model's state_dict()");
    }
    shapes.emplace(key.text(), shape_of(value.array()));
  }
  return shapes;
}

at::Tensor tensor_of(Array const& array, std::string const& name) {
  if (!is_floating_point(array.type())) {
    throw Error(name + " is " + array.description() + "; expected floating-point numbers");
  }
  at::Tensor const tensor = at::empty(shape_of(array), at::TensorOptions(at::kFloat));
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

Weights read_checkpoint(std::filesystem::path const& file, at::ScalarType type, at::Device device) {
  std::string const name = "the checkpoint " + file.string();
  Pickle const pickle = read_torch_file(file);
  PickleValue const state = state_dict(pickle.root(), name);
  ModelShape shape = read_model_shape(shapes_of(state, name), name);
  Weights::Tensors tensors;
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string const key(state.key(i).text());
    at::Tensor const tensor = tensor_of(state.value(i).array(), name + ": " + key);
    // Places in the image need all their digits.
    bool const places = key.starts_with("prompt_encoder.pe_layer.");
    tensors.emplace(key, tensor.to(device, places ? at::kFloat : type));
  }
  return Weights(std::move(shape), std::move(tensors));
}

}  // namespace seplflow::sam
