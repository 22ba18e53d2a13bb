// torchvision's ResNet-50 with the strides of IRN: the last group keeps the size.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "nets/core/layers.hpp"

namespace seplflow::nets {

class ResNet50 {
 public:
  ResNet50(Weights const& weights, NetworkShape const& shape);

  // What comes out of the pooling and of the four groups of blocks, for images (B, 3, H, W).
  std::array<at::Tensor, 5> levels(at::Tensor const& images) const;
  // What comes out of the last group.
  at::Tensor operator()(at::Tensor const& images) const;

 private:
  struct Block {
    Block(Weights const& weights, std::string const& name, bool first, std::int64_t stride);
    at::Tensor operator()(at::Tensor const& x) const;

    Conv conv1, conv2, conv3;
    BatchNorm norm1, norm2, norm3;
    std::optional<Conv> shortcut;
    std::optional<BatchNorm> shortcut_norm;
  };

  at::Tensor pooled(at::Tensor const& images) const;

  Conv first_;
  BatchNorm first_norm_;
  std::array<std::vector<Block>, 4> groups_;
};

}  // namespace seplflow::nets
