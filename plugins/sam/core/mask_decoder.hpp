// SAM's prompt encoder, for points only, and its mask decoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "core/layers.hpp"
#include "core/prompts.hpp"

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

// Tokens attend to the image and the image to them. Immutable; safe to use from any number of
// threads.
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

// The decoder's output for B points, from which masks are computed.
struct DecodedPoints {
  at::Tensor tokens;       // (B, masks, width): a token for each mask of the multimask output
  at::Tensor image;        // (B, pixels, width)
  at::Tensor predictions;  // (B, masks): predicted IoU, float32
};

// Immutable; safe to use from any number of threads.
class MaskDecoder {
 public:
  explicit MaskDecoder(Weights const& weights);

  // Decodes foreground points, in pixels of the resized image, for the embedding (grid, grid,
  // width) of one image. Every point is a separate prompt with multimask output.
  DecodedPoints decode(at::Tensor const& embedding, std::span<Point const> points) const;

  // The logits (P, masks, 4 grid, 4 grid), float32, of P of the points. `points` are indices into
  // `decoded`, int64, on the decoder's device.
  at::Tensor logits(DecodedPoints const& decoded, at::Tensor const& points) const;

 private:
  at::Tensor encode_places(at::Tensor const& places) const;
  at::Tensor prompts(std::span<Point const> points) const;

  std::int64_t grid_, image_size_, mask_tokens_;
  at::Tensor frequencies_, foreground_, not_a_point_, no_mask_, output_tokens_, image_positions_;
  TwoWayTransformer transformer_;
  Linear upscaling1_, upscaling2_;
  LayerNorm upscaling_norm_;
  std::vector<Mlp> hypernetworks_;
  Mlp iou_head_;
};

}  // namespace seplflow::sam
