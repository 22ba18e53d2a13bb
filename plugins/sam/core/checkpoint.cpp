#include "core/checkpoint.hpp"

#include <seplflow/error.hpp>

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
    if (value.is(PickleValue::Kind::dict)) {
      throw Error(name + " holds " + value.description() + " under " + key.description() +
                  "; expected SAM's tensors themselves, or a dict of them under 'model' or "
                  "'state_dict'");
    }
    if (!key.is(PickleValue::Kind::text) || !value.is(PickleValue::Kind::array)) {
      throw Error(name + " holds more than the tensors of a SAM model: " + key.description() +
                  " with " + value.description() + "; save only the model's state_dict()");
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
      state_(state_dict(pickle_.root(), name_)) {
  prefix_ = common_prefix_of(shapes_of(state_, name_));
  TensorShapes shapes;
  OtherTypes other_types;
  for_each_tensor([&](std::string const& name, Array const& array) {
    shapes.try_emplace(name, array.shape().begin(), array.shape().end());
    if (!is_floating_point(array.type())) other_types.emplace(name, name_of(array.type()));
  });
  shape_ = read_model_shape(
      shapes, other_types,
      prefix_.empty() ? name_ : name_ + " (its names without \"" + prefix_ + "\")");
}

void Checkpoint::for_each_tensor(
    std::function<void(std::string const&, Array const&)> const& f) const {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    f(std::string(state_.key(i).text().substr(prefix_.size())), state_.value(i).array());
  }
}

}  // namespace seplflow::sam
