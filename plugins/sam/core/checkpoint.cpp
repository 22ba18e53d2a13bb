#include "core/checkpoint.hpp"

namespace seplflow::sam {

Checkpoint::Checkpoint(std::filesystem::path const& file) : state_(file, "SAM") {
  prefix_ = common_prefix_of(state_.shapes());
  TensorShapes shapes;
  OtherTypes other_types;
  for_each_tensor([&](std::string const& name, Array const& array) {
    shapes.try_emplace(name, array.shape().begin(), array.shape().end());
    if (!is_floating_point(array.type())) other_types.emplace(name, name_of(array.type()));
  });
  shape_ = read_model_shape(
      shapes, other_types,
      prefix_.empty() ? state_.name() : state_.name() + " (its names without \"" + prefix_ + "\")");
}

void Checkpoint::for_each_tensor(
    std::function<void(std::string const&, Array const&)> const& f) const {
  state_.for_each_tensor([&](std::string_view name, Array const& array) {
    f(std::string(name.substr(prefix_.size())), array);
  });
}

}  // namespace seplflow::sam
