// The transformer of SAM's mask decoder, in which tokens attend to the image and the image to them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/layers.hpp"

namespace seplflow::sam {

// Multi-head attention between two sets of tokens, (B, n, width) each.
class TokenAttention {
 public:
  TokenAttention(Weights const& weights, std::string const& name)
      : query_(weights, name + ".q_proj"),
        key_(weights, name + ".k_proj"),
        value_(weights, name + ".v_proj"),
        out_(weights, name + ".out_proj") {}

  // Either the queries or the keys and values may have B = 1 when the others have more.
  at::Tensor operator()(at::Tensor const& queries, at::Tensor const& keys,
                        at::Tensor const& values) const;

 private:
  Linear query_, key_, value_, out_;
};

// Tokens (B, n, width) and the image (B or 1, pixels, width).
struct TokensAndImage {
  at::Tensor tokens, image;
};

class TwoWayLayer {
 public:
  TwoWayLayer(Weights const& weights, std::string const& name, bool first);

  TokensAndImage operator()(TokensAndImage x, at::Tensor const& token_positions,
                            at::Tensor const& image_positions) const;

 private:
  bool first_;  // in the first layer the tokens are their own positions
  TokenAttention among_tokens_, tokens_to_image_, image_to_tokens_;
  LayerNorm norm1_, norm2_, norm3_, norm4_;
  Mlp mlp_;
};

// Immutable; safe to use from any number of threads.
class TwoWayTransformer {
 public:
  explicit TwoWayTransformer(Weights const& weights);

  // Takes an image and its positions (1, pixels, width) and tokens (B, n, width). The returned
  // image has B.
  TokensAndImage operator()(at::Tensor const& image, at::Tensor const& image_positions,
                            at::Tensor const& tokens) const;

 private:
  std::vector<TwoWayLayer> layers_;
  TokenAttention last_;
  LayerNorm norm_;
};

}  // namespace seplflow::sam
