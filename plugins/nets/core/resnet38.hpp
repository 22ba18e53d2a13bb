// PSA's ResNet-38: normalisation and ReLU come before each convolution.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "nets/core/layers.hpp"

namespace seplflow::nets {

class ResNet38 {
 public:
  ResNet38(Weights const& weights, NetworkShape const& shape);

  // Returns x with some channels set to 0 by chance, with this probability.
  using Dropout = std::function<at::Tensor(at::Tensor const& x, double probability)>;

  // PSA's conv4, conv5 and conv6, all at an eighth of the size of images (B, 3, H, W).
  std::array<at::Tensor, 3> levels(at::Tensor const& images, Dropout const& dropout = {}) const;

 private:
  struct Part {
    BatchNorm norm;
    Conv conv;
  };
  struct Block {
    // Changes x. Returns x after the first normalisation and ReLU.
    at::Tensor operator()(at::Tensor& x, Dropout const& dropout = {}) const;

    std::vector<Part> parts;
    std::optional<Conv> shortcut;
    double dropped = 0;  // probability of a channel, in a training
  };

  std::vector<Block> early_;  // until conv4 is seen
  Block b5_;
  std::vector<Block> late_;  // until conv5 is seen
  Block b6_, b7_;
  Conv first_;
  BatchNorm last_norm_;
};

// The features of AffinityNet: images (B, 3, H, W) to (B, channels, H / 8, W / 8). Neighbours with
// similar features belong together.
class AffinityFeatures {
 public:
  AffinityFeatures(Weights const& weights, NetworkShape const& shape);
  at::Tensor operator()(at::Tensor const& images, ResNet38::Dropout const& dropout = {}) const;

 private:
  ResNet38 backbone_;
  std::vector<Conv> layers_;
  Conv last_;
};

}  // namespace seplflow::nets
