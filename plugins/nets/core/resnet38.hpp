// PSA's ResNet-38: normalisation and ReLU come before each convolution.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "nets/core/layers.hpp"

namespace seplflow::nets {

class ResNet38 {
 public:
  ResNet38(Weights const& weights, NetworkShape const& shape);

  // PSA's conv4, conv5 and conv6, all at an eighth of the size of images (B, 3, H, W).
  std::array<at::Tensor, 3> levels(at::Tensor const& images) const;

 private:
  struct Part {
    BatchNorm norm;
    Conv conv;
  };
  struct Block {
    // Changes x. Returns x after the first normalisation and ReLU.
    at::Tensor operator()(at::Tensor& x) const;

    std::vector<Part> parts;
    std::optional<Conv> shortcut;
  };

  std::vector<Block> early_;  // until conv4 is seen
  Block b5_;
  std::vector<Block> late_;  // until conv5 is seen
  Block b6_, b7_;
  Conv first_;
  BatchNorm last_norm_;
};

}  // namespace seplflow::nets
