#include "nets/base/state_dict.hpp"

#include <seplflow/error.hpp>

namespace seplflow::nets {
namespace {

// The dict of tensors in the file: itself, or under the name that training scripts give it.
PickleValue state_in(PickleValue const& root, std::string const& name, std::string const& model) {
  if (!root.is(PickleValue::Kind::dict)) {
    throw Error(name + " holds " + root.description() + "; expected a dict of " + model +
                "'s tensors");
  }
  for (std::string_view const key : {"model", "state_dict"}) {
    auto const inner = root.find(key);
    if (inner && inner->is(PickleValue::Kind::dict)) return *inner;
  }
  return root;
}

void require_tensors(PickleValue const& state, std::string const& name, std::string const& model) {
  for (std::size_t i = 0; i < state.size(); ++i) {
    PickleValue const key = state.key(i), value = state.value(i);
    if (value.is(PickleValue::Kind::dict)) {
      throw Error(name + " holds " + value.description() + " under " + key.description() +
                  "; expected " + model +
                  "'s tensors themselves, or a dict of them under 'model' or 'state_dict'");
    }
    if (!key.is(PickleValue::Kind::text) || !value.is(PickleValue::Kind::array)) {
      throw Error(name + " holds more than the tensors of a " + model +
                  " model: " + key.description() + " with " + value.description() +
                  "; save only the model's state_dict()");
    }
  }
}

}  // namespace

StateDict::StateDict(std::filesystem::path const& file, std::string_view model)
    : name_("the checkpoint " + file.string()),
      pickle_(read_torch_file(file)),
      state_(state_in(pickle_.root(), name_, std::string(model))) {
  require_tensors(state_, name_, std::string(model));
}

void StateDict::for_each_tensor(
    std::function<void(std::string_view, Array const&)> const& f) const {
  for (std::size_t i = 0; i < state_.size(); ++i) f(state_.key(i).text(), state_.value(i).array());
}

TensorShapes StateDict::shapes() const {
  TensorShapes shapes;
  for_each_tensor([&](std::string_view name, Array const& array) {
    auto const shape = array.shape();
    shapes.try_emplace(std::string(name), shape.begin(), shape.end());
  });
  return shapes;
}

}  // namespace seplflow::nets
