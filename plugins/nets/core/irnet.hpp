// IRN's network for class boundaries and displacements.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "nets/core/resnet50.hpp"

namespace seplflow::nets {

class IrNet {
 public:
  // Without displacement layers where the shape has no channels for them.
  IrNet(Weights const& weights, NetworkShape const& shape);

  using Levels = std::array<at::Tensor, 5>;
  Levels levels(at::Tensor const& images) const { return backbone_.levels(images); }
  // Logits of boundaries, (B, 1, ceil(H / 4), ceil(W / 4)).
  at::Tensor edges(Levels const& levels) const;
  // Displacements down and to the right, (B, 2, ceil(H / 4), ceil(W / 4)); the mean displacement is
  // still in them.
  at::Tensor displacements(Levels const& levels) const;

 private:
  // A convolution and a normalisation, whose output is enlarged before the ReLU.
  struct Layer {
    Layer(Weights const& weights, std::string const& name, std::int64_t groups, std::int64_t scale);
    at::Tensor operator()(at::Tensor const& x) const;

    Conv conv;
    at::Tensor weight, bias;
    std::int64_t groups, scale;
  };

  ResNet50 backbone_;
  std::vector<Layer> edge_layers_, displacement_layers_;
  at::Tensor last_edge_, last_edge_bias_, last_displacement_;
};

}  // namespace seplflow::nets
