#include "core/image_encoder.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>

#include "core/attention.hpp"

namespace seplflow::sam {
namespace {

std::string block_name(std::size_t number) {
  return "image_encoder.blocks." + std::to_string(number);
}

// A convolution with a 1 x 1 kernel over tokens in rows.
Linear pointwise(at::Tensor const& weight) {
  Linear linear;
  linear.weight = weight.view({weight.size(0), weight.size(1)});
  return linear;
}

// Cuts tokens (B, n, n, C) into windows (B * windows, window, window, C), padded with `filling` (C)
// at the right and the bottom.
at::Tensor windows_of(at::Tensor const& tokens, std::int64_t window, at::Tensor const& filling) {
  std::int64_t const batch = tokens.size(0), n = tokens.size(1), channels = tokens.size(3);
  std::int64_t const across = (n + window - 1) / window, padded = across * window;
  at::Tensor whole = tokens;
  if (padded != n) {
    whole = filling.expand({batch, padded, padded, channels}).contiguous();
    whole.narrow(1, 0, n).narrow(2, 0, n).copy_(tokens);
  }
  return whole.view({batch, across, window, across, window, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch * across * across, window, window, channels});
}

// Puts windows together again: (B, n, n, C).
at::Tensor joined(at::Tensor const& windows, std::int64_t batch, std::int64_t n) {
  std::int64_t const window = windows.size(1), channels = windows.size(3);
  std::int64_t const across = (n + window - 1) / window, padded = across * window;
  return windows.view({batch, across, across, window, window, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch, padded, padded, channels})
      .narrow(1, 0, n)
      .narrow(2, 0, n);
}

}  // namespace

EncoderBlock::EncoderBlock(Weights const& weights, std::size_t number)
    : heads_(weights.shape().encoder.heads()),
      window_(weights.shape().encoder.attends_to[number]),
      norm1_(weights, block_name(number) + ".norm1", LayerNorm::kEncoder),
      norm2_(weights, block_name(number) + ".norm2", LayerNorm::kEncoder),
      qkv_(weights, block_name(number) + ".attn.qkv"),
      projection_(weights, block_name(number) + ".attn.proj"),
      along_height_(relative_positions(weights.at(block_name(number) + ".attn.rel_pos_h"))),
      along_width_(relative_positions(weights.at(block_name(number) + ".attn.rel_pos_w"))),
      mlp_(Mlp::of_block(weights, block_name(number) + ".mlp", Activation::gelu)) {}

void EncoderBlock::operator()(at::Tensor& tokens) const {
  tokens += attention(norm1_(tokens));
  tokens += mlp_(norm2_(tokens));
}

at::Tensor EncoderBlock::attention(at::Tensor const& tokens) const {
  std::int64_t const batch = tokens.size(0), n = tokens.size(1);
  // SAM pads windows with zeros before the projection, which turns them into its bias.
  at::Tensor const qkv = windows_of(qkv_(tokens), window_, qkv_.bias);
  at::Tensor const attended =
      attend(qkv.view({qkv.size(0), window_, window_, 3, heads_, -1}), along_height_, along_width_);
  return projection_(joined(attended, batch, n));
}

ImageEncoder::ImageEncoder(Weights const& weights)
    : patch_(weights.shape().encoder.patch),
      patch_weight_(weights.at("image_encoder.patch_embed.proj.weight").flatten(1)),
      patch_bias_(weights.at("image_encoder.patch_embed.proj.bias")),
      positions_(weights.at("image_encoder.pos_embed")),
      neck1_(pointwise(weights.at("image_encoder.neck.0.weight"))),
      neck2_(weights.at("image_encoder.neck.2.weight")),
      neck_norm1_(weights, "image_encoder.neck.1", LayerNorm::kEncoder),
      neck_norm2_(weights, "image_encoder.neck.3", LayerNorm::kEncoder) {
  for (std::size_t i = 0; i < weights.shape().encoder.attends_to.size(); ++i) {
    blocks_.emplace_back(weights, i);
  }
}

at::Tensor ImageEncoder::operator()(at::Tensor const& images) const {
  std::int64_t const batch = images.size(0), grid = positions_.size(1);
  at::Tensor const patches = images.view({batch, 3, grid, patch_, grid, patch_})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({batch, grid, grid, 3 * patch_ * patch_});
  at::Tensor tokens = at::linear(patches, patch_weight_, patch_bias_);
  tokens += positions_;
  for (EncoderBlock const& block : blocks_) block(tokens);
  at::Tensor const narrow = neck_norm1_(neck1_(tokens));
  at::Tensor const mixed = at::conv2d(narrow.permute({0, 3, 1, 2}), neck2_, {}, 1, 1);
  return neck_norm2_(mixed.permute({0, 2, 3, 1}).contiguous());
}

}  // namespace seplflow::sam
