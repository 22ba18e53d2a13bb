#include "nets/core/irnet.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/relu.h>

#include "nets/core/pictures.hpp"

namespace seplflow::nets {
namespace {

// The beginning of x that has the size of another map.
at::Tensor cropped_to(at::Tensor const& x, at::Tensor const& other) {
  return x.narrow(2, 0, other.size(2)).narrow(3, 0, other.size(3));
}

}  // namespace

IrNet::Layer::Layer(Weights const& weights, std::string const& name, std::int64_t with_groups,
                    std::int64_t with_scale)
    : conv(weights, name + ".0"),
      weight(weights.at(name + ".1.weight")),
      bias(weights.at(name + ".1.bias")),
      groups(with_groups),
      scale(with_scale) {}

at::Tensor IrNet::Layer::operator()(at::Tensor const& x) const {
  // Torch's GroupNorm of channels that lie next to each other is less precise.
  at::Tensor y = at::group_norm(conv(x).to(at::kFloat).contiguous(), groups, weight, bias);
  if (scale > 1) y = resized(y, scale * y.size(2), scale * y.size(3));
  return at::relu_(y);
}

IrNet::IrNet(Weights const& weights, NetworkShape const& shape) : backbone_(weights, shape) {
  constexpr std::array<std::int64_t, 5> kEdgeScales = {1, 1, 2, 4, 4};
  constexpr std::array<std::int64_t, 7> kGroups = {8, 16, 16, 16, 16, 16, 16};
  constexpr std::array<std::int64_t, 7> kScales = {1, 1, 1, 2, 2, 2, 1};
  for (std::size_t i = 0; i < kEdgeScales.size(); ++i) {
    edge_layers_.emplace_back(weights, "fc_edge" + std::to_string(i + 1), 4, kEdgeScales[i]);
  }
  last_edge_ = weights.at("fc_edge6.weight");
  last_edge_bias_ = weights.at("fc_edge6.bias");
  if (shape.displacement == 0) return;
  for (std::size_t i = 0; i < kGroups.size(); ++i) {
    displacement_layers_.emplace_back(weights, "fc_dp" + std::to_string(i + 1), kGroups[i],
                                      kScales[i]);
  }
  last_displacement_ = weights.at("fc_dp7.3.weight");
}

at::Tensor IrNet::edges(Levels const& levels) const {
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < edge_layers_.size(); ++i) {
    parts.push_back(cropped_to(edge_layers_[i](levels[i]), levels[1]));
  }
  return at::conv2d(at::cat(parts, 1), last_edge_.to(at::kFloat), last_edge_bias_);
}

at::Tensor IrNet::displacements(Levels const& levels) const {
  auto const& layers = displacement_layers_;
  at::ScalarType const type = levels[0].scalar_type();
  at::Tensor const first = layers[0](levels[0]), second = layers[1](levels[1]);
  at::Tensor const third = layers[2](levels[2]);
  at::Tensor const small = at::cat(
      {third, cropped_to(layers[3](levels[3]), third), cropped_to(layers[4](levels[4]), third)}, 1);
  at::Tensor const large = cropped_to(layers[5](small.to(type)), second);
  at::Tensor const all = layers[6](at::cat({first, second, large}, 1).to(type));
  return at::conv2d(all, last_displacement_.to(at::kFloat));
}

}  // namespace seplflow::nets
