#include "core/checkpoint.hpp"

#include "data/error.hpp"

namespace seplflow::sam {
namespace {

// The dict of tensors in the file: itself, or under the name that training scripts give it.
PickleValue state_dict(PickleValue const& root, std::string const& name) {
  if (!root.is(PickleValue::Kind::dict)) {
    throw Error(name + " holds " + root.description() + "; expected a dict of SAM's tensors");
  }
  for (std::string_view const key : {"model", "state_dict"}) {
    auto const inner = root.find(key);
    if (inner && inner->is(PickleValue::Kind::dict)) return *inner;
  }
  return root;
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
    auto const shape = value.array().shape();
    shapes.try_emplace(std::string(key.text()), shape.begin(), shape.end());
  }
  return shapes;
}

}  // namespace

Checkpoint::Checkpoint(std::filesystem::path const& file)
    : name_("the checkpoint " + file.string()),
      pickle_(read_torch_file(file)),
      shape_(read_model_shape(shapes_of(state_dict(pickle_.root(), name_), name_), name_)) {}

void Checkpoint::for_each_tensor(
    std::function<void(std::string const&, Array const&)> const& f) const {
  PickleValue const state = state_dict(pickle_.root(), name_);
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string const key(state.key(i).text());
    Array const& array = state.value(i).array();
    if (!is_floating_point(array.type())) {
      throw Error(name_ + ": " + key + " is " + array.description() +
                  "; expected floating-point numbers");
    }
    f(key, array);
  }
}

}  // namespace seplflow::sam
