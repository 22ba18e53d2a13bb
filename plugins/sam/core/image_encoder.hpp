// SAM's image encoder: a vision transformer whose blocks attend within windows or globally.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/layers.hpp"

namespace seplflow::sam {

// A transformer block. Attention is windowed unless the window is the whole grid.
class EncoderBlock {
 public:
  EncoderBlock(Weights const& weights, std::size_t number);

  // Changes tokens (B, grid, grid, width) in place.
  void operator()(at::Tensor& tokens) const;

 private:
  at::Tensor attention(at::Tensor const& tokens) const;

  std::int64_t heads_, window_;
  LayerNorm norm1_, norm2_;
  Linear qkv_, projection_;
  at::Tensor along_height_, along_width_;
  Mlp mlp_;
};

// Immutable; safe to use from any number of threads.
class ImageEncoder {
 public:
  explicit ImageEncoder(Weights const& weights);

  // Turns images (B, 3, image size, image size), normalised and padded, into embeddings with tokens
  // in rows (B, grid, grid, width of the decoder).
  at::Tensor operator()(at::Tensor const& images) const;

 private:
  std::int64_t patch_;
  at::Tensor patch_weight_, patch_bias_, positions_;
  std::vector<EncoderBlock> blocks_;
  Linear neck1_;
  at::Tensor neck2_;
  LayerNorm neck_norm1_, neck_norm2_;
};

}  // namespace seplflow::sam
