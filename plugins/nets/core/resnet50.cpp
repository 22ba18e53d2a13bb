#include "nets/core/resnet50.hpp"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

namespace seplflow::nets {

ResNet50::Block::Block(Weights const& weights, std::string const& name, bool first,
                       std::int64_t stride)
    : conv1(weights, name + "conv1"),
      conv2(weights, name + "conv2", stride),
      conv3(weights, name + "conv3"),
      norm1(weights, name + "bn1"),
      norm2(weights, name + "bn2"),
      norm3(weights, name + "bn3") {
  if (!first) return;
  shortcut.emplace(weights, name + "downsample.0", stride);
  shortcut_norm.emplace(weights, name + "downsample.1");
}

at::Tensor ResNet50::Block::operator()(at::Tensor const& x) const {
  at::Tensor y = norm1(conv1(x));
  y = norm2(conv2(at::relu_(y)));
  y = norm3(conv3(at::relu_(y)));
  y += shortcut ? (*shortcut_norm)((*shortcut)(x)) : x;
  return at::relu_(y);
}

ResNet50::ResNet50(Weights const& weights, NetworkShape const& shape)
    : first_(weights, "resnet50.conv1", 2), first_norm_(weights, "resnet50.bn1") {
  constexpr std::array<std::int64_t, 4> kStrides = {1, 2, 2, 1};
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    std::string const layer = "resnet50.layer" + std::to_string(group + 1) + ".";
    for (std::int64_t i = 0; i < shape.blocks[group]; ++i) {
      groups_[group].emplace_back(weights, numbered(layer, i), i == 0,
                                  i == 0 ? kStrides[group] : 1);
    }
  }
}

at::Tensor ResNet50::pooled(at::Tensor const& images) const {
  at::Tensor x = first_norm_(first_(images));
  return at::max_pool2d(at::relu_(x), {3, 3}, {2, 2}, {1, 1});
}

std::array<at::Tensor, 5> ResNet50::levels(at::Tensor const& images) const {
  std::array<at::Tensor, 5> levels;
  at::Tensor x = levels[0] = pooled(images);
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    for (Block const& block : groups_[group]) x = block(x);
    levels[group + 1] = x;
  }
  return levels;
}

at::Tensor ResNet50::operator()(at::Tensor const& images) const {
  at::Tensor x = pooled(images);
  for (auto const& group : groups_) {
    for (Block const& block : group) x = block(x);
  }
  return x;
}

}  // namespace seplflow::nets
