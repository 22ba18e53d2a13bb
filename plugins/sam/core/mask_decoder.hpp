// SAM's prompt encoder, for points only, and its mask decoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "core/layers.hpp"
#include "core/prompts.hpp"
#include "core/two_way_transformer.hpp"

namespace seplflow::sam {

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
