#include "nets/core/resnet38.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/relu.h>

namespace seplflow::nets {

namespace {

// The strides and dilations of a block's convolutions.
struct Steps {
  std::int64_t stride = 1;
  std::vector<std::int64_t> dilations;
};

}  // namespace

at::Tensor ResNet38::Block::operator()(at::Tensor& x, Dropout const& dropout) const {
  at::Tensor active = parts.front().norm(x);
  at::relu_(active);
  at::Tensor y = parts.front().conv(active);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    y = parts[i].norm(y);
    at::relu_(y);
    y = parts[i].conv(dropped > 0 && dropout ? dropout(y, dropped) : y);
  }
  y += shortcut ? (*shortcut)(active) : x;
  x = y;
  return active;
}

ResNet38::ResNet38(Weights const& weights, NetworkShape const& shape)
    : first_(weights, "conv1a"), last_norm_(weights, "bn7") {
  auto const block = [&](std::string const& name, bool first, Steps const& steps) {
    Block made;
    for (std::size_t i = 0; i < steps.dilations.size(); ++i) {
      std::string const part = i == 0 ? "2a" : "2b" + std::to_string(i);
      made.parts.push_back({BatchNorm(weights, name + ".bn_branch" + part),
                            Conv(weights, name + ".conv_branch" + part, i == 0 ? steps.stride : 1,
                                 steps.dilations[i])});
    }
    if (first) made.shortcut.emplace(weights, name + ".conv_branch1", steps.stride);
    return made;
  };
  for (std::size_t group = 0; group < shape.blocks.size(); ++group) {
    std::string const name = "b" + std::to_string(group + 2);
    bool const last = group + 1 == shape.blocks.size();
    Steps const later = last ? Steps{1, {2, 2}} : Steps{1, {1, 1}};
    Block const first = block(name, true, last ? Steps{1, {1, 2}} : Steps{2, {1, 1}});
    if (last) {
      b5_ = first;
    } else {
      early_.push_back(first);
    }
    for (std::int64_t i = 1; i < shape.blocks[group]; ++i) {
      (last ? late_ : early_).push_back(block(name + "_" + std::to_string(i), false, later));
    }
  }
  b6_ = block("b6", true, {1, {1, 4, 1}});
  b7_ = block("b7", true, {1, {1, 4, 1}});
  b6_.dropped = 0.3;
  b7_.dropped = 0.5;
}

std::array<at::Tensor, 3> ResNet38::levels(at::Tensor const& images, Dropout const& dropout) const {
  at::Tensor x = first_(images);
  for (Block const& block : early_) block(x);
  at::Tensor const conv4 = b5_(x);
  for (Block const& block : late_) block(x);
  at::Tensor const conv5 = b6_(x, dropout);
  b7_(x, dropout);
  at::Tensor conv6 = last_norm_(x);
  return {conv4, conv5, at::relu_(conv6)};
}

AffinityFeatures::AffinityFeatures(Weights const& weights, NetworkShape const& shape)
    : backbone_(weights, shape), last_(weights, "f9") {
  for (char const* const name : {"f8_3", "f8_4", "f8_5"}) layers_.emplace_back(weights, name);
}

at::Tensor AffinityFeatures::operator()(at::Tensor const& images,
                                        ResNet38::Dropout const& dropout) const {
  auto const levels = backbone_.levels(images, dropout);
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < layers_.size(); ++i) parts.push_back(at::elu(layers_[i](levels[i])));
  return at::elu(last_(at::cat(parts, 1)));
}

}  // namespace seplflow::nets
