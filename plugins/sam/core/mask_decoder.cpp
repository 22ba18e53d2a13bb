#include "core/mask_decoder.hpp"

#include <ATen/ops/_softmax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <numbers>

namespace seplflow::sam {
namespace {

constexpr char const* kPrompt = "prompt_encoder.";
constexpr char const* kDecoder = "mask_decoder.";
constexpr char const* kTransformer = "mask_decoder.transformer.";
constexpr std::int64_t kUpscaling = 2;  // of a side, by each of two layers

// (B, n, heads * d) -> (B, heads, n, d).
at::Tensor in_heads(at::Tensor const& x) {
  return x.view({x.size(0), x.size(1), DecoderShape::kHeads, -1}).transpose(1, 2);
}

// A transposed convolution with kernel and stride 2 over tokens in rows: each token becomes 2 x 2
// tokens (..., 2, 2, out) in a row.
Linear upscaling(Weights const& weights, std::string const& name) {
  at::Tensor const weight = weights.at(name + ".weight");  // (in, out, 2, 2)
  Linear linear;
  linear.weight = weight.permute({2, 3, 1, 0}).reshape({-1, weight.size(0)}).contiguous();
  linear.bias = weights.at(name + ".bias").repeat({kUpscaling * kUpscaling});
  return linear;
}

std::vector<Mlp> hypernetworks(Weights const& weights) {
  constexpr std::int64_t kLayers = 3;
  std::vector<Mlp> made;
  // The first is for a single mask, which is not for ambiguous prompts.
  for (std::int64_t i = 1; i < weights.shape().decoder.mask_tokens; ++i) {
    made.push_back(Mlp::of_head(
        weights, kDecoder + ("output_hypernetworks_mlps." + std::to_string(i)), kLayers));
  }
  return made;
}

}  // namespace

at::Tensor TokenAttention::operator()(at::Tensor const& queries, at::Tensor const& keys,
                                      at::Tensor const& values) const {
  at::Tensor const q = in_heads(query_(queries)), k = in_heads(key_(keys)),
                   v = in_heads(value_(values));
  at::Tensor scores = at::matmul(q, k.transpose(2, 3));
  scores /= std::sqrt(static_cast<double>(q.size(-1)));
  at::_softmax_out(scores, scores, -1, false);
  return out_(at::matmul(scores, v).transpose(1, 2).flatten(2));
}

TwoWayLayer::TwoWayLayer(Weights const& weights, std::string const& name, bool first)
    : first_(first),
      among_tokens_(weights, name + ".self_attn"),
      tokens_to_image_(weights, name + ".cross_attn_token_to_image"),
      image_to_tokens_(weights, name + ".cross_attn_image_to_token"),
      norm1_(weights, name + ".norm1", LayerNorm::kDecoder),
      norm2_(weights, name + ".norm2", LayerNorm::kDecoder),
      norm3_(weights, name + ".norm3", LayerNorm::kDecoder),
      norm4_(weights, name + ".norm4", LayerNorm::kDecoder),
      mlp_(Mlp::of_block(weights, name + ".mlp", Activation::relu)) {}

TokensAndImage TwoWayLayer::operator()(TokensAndImage x, at::Tensor const& token_positions,
                                       at::Tensor const& image_positions) const {
  auto& [tokens, image] = x;
  if (first_) {
    tokens = norm1_(among_tokens_(tokens, tokens, tokens));
  } else {
    at::Tensor const placed = tokens + token_positions;
    tokens = norm1_(tokens + among_tokens_(placed, placed, tokens));
  }
  at::Tensor const placed_image = image + image_positions;
  tokens = norm2_(tokens + tokens_to_image_(tokens + token_positions, placed_image, image));
  tokens = norm3_(tokens + mlp_(tokens));
  image = norm4_(image + image_to_tokens_(placed_image, tokens + token_positions, tokens));
  return x;
}

TwoWayTransformer::TwoWayTransformer(Weights const& weights)
    : last_(weights, std::string(kTransformer) + "final_attn_token_to_image"),
      norm_(weights, std::string(kTransformer) + "norm_final_attn", LayerNorm::kDecoder) {
  for (std::int64_t i = 0; i < weights.shape().decoder.layers; ++i) {
    layers_.emplace_back(weights, kTransformer + ("layers." + std::to_string(i)), i == 0);
  }
}

TokensAndImage TwoWayTransformer::operator()(at::Tensor const& image,
                                             at::Tensor const& image_positions,
                                             at::Tensor const& tokens) const {
  TokensAndImage x{tokens, image};
  for (TwoWayLayer const& layer : layers_) x = layer(std::move(x), tokens, image_positions);
  x.tokens = norm_(x.tokens + last_(x.tokens + tokens, x.image + image_positions, x.image));
  return x;
}

MaskDecoder::MaskDecoder(Weights const& weights)
    : grid_(weights.shape().encoder.grid),
      image_size_(weights.shape().encoder.image_size()),
      mask_tokens_(weights.shape().decoder.mask_tokens),
      frequencies_(
          weights.at(std::string(kPrompt) + "pe_layer.positional_encoding_gaussian_matrix")),
      foreground_(weights.at(std::string(kPrompt) + "point_embeddings.1.weight")),
      not_a_point_(weights.at(std::string(kPrompt) + "not_a_point_embed.weight")),
      no_mask_(weights.at(std::string(kPrompt) + "no_mask_embed.weight")),
      output_tokens_(at::cat({weights.at(std::string(kDecoder) + "iou_token.weight"),
                              weights.at(std::string(kDecoder) + "mask_tokens.weight")})),
      transformer_(weights),
      upscaling1_(upscaling(weights, std::string(kDecoder) + "output_upscaling.0")),
      upscaling2_(upscaling(weights, std::string(kDecoder) + "output_upscaling.3")),
      upscaling_norm_(weights, std::string(kDecoder) + "output_upscaling.1", LayerNorm::kEncoder),
      hypernetworks_(hypernetworks(weights)),
      iou_head_(Mlp::of_head(weights, std::string(kDecoder) + "iou_prediction_head",
                             weights.shape().decoder.iou_layers)) {
  // The positions of the image's tokens, 0 to 1.
  at::Tensor const along =
      (at::arange(grid_, frequencies_.options()) + 0.5) / static_cast<double>(grid_);
  at::Tensor const places = at::stack(
      {along.unsqueeze(0).expand({grid_, grid_}), along.unsqueeze(1).expand({grid_, grid_})}, -1);
  image_positions_ =
      encode_places(places.view({1, grid_ * grid_, 2})).to(foreground_.scalar_type());
}

// places (..., 2), 0 to 1, float32.
at::Tensor MaskDecoder::encode_places(at::Tensor const& places) const {
  at::Tensor const phases = (2 * places - 1).matmul(frequencies_) * (2 * std::numbers::pi);
  return at::cat({phases.sin(), phases.cos()}, -1);
}

// (B, 2, width): the point, and a padding point, since there is no box.
at::Tensor MaskDecoder::prompts(std::span<Point const> points) const {
  auto const count = static_cast<std::int64_t>(points.size());
  at::Tensor const places = at::empty({count, 1, 2}, at::TensorOptions(at::kFloat));
  auto* place = places.data_ptr<float>();
  for (Point const& point : points) {
    *place++ = static_cast<float>((point.x + 0.5) / static_cast<double>(image_size_));
    *place++ = static_cast<float>((point.y + 0.5) / static_cast<double>(image_size_));
  }
  at::Tensor const here = places.to(frequencies_.device(), at::kFloat, /*non_blocking=*/true);
  at::Tensor const encoded = encode_places(here).to(foreground_.scalar_type()) + foreground_;
  return at::cat({encoded, not_a_point_.expand({count, 1, -1})}, 1);
}

DecodedPoints MaskDecoder::decode(at::Tensor const& embedding,
                                  std::span<Point const> points) const {
  at::Tensor const prompt = prompts(points);
  at::Tensor const tokens = at::cat({output_tokens_.expand({prompt.size(0), -1, -1}), prompt}, 1);
  at::Tensor const image = embedding.view({1, grid_ * grid_, -1}) + no_mask_;
  auto [decoded, decoded_image] = transformer_(image, image_positions_, tokens);
  at::Tensor const predictions = iou_head_(decoded.select(1, 0)).narrow(1, 1, mask_tokens_ - 1);
  return {decoded.narrow(1, 2, mask_tokens_ - 1), std::move(decoded_image),
          predictions.to(at::kFloat)};
}

at::Tensor MaskDecoder::logits(DecodedPoints const& decoded, at::Tensor const& points) const {
  at::Tensor const tokens = decoded.tokens.index_select(0, points);
  std::vector<at::Tensor> filters;
  for (std::size_t i = 0; i < hypernetworks_.size(); ++i) {
    filters.push_back(hypernetworks_[i](tokens.select(1, static_cast<std::int64_t>(i))));
  }
  at::Tensor const filter = at::stack(filters, 1);  // (P, masks, channels)
  at::Tensor once = upscaling1_(decoded.image.index_select(0, points));
  once = upscaling_norm_(once.view({-1, upscaling_norm_.weight.size(0)}));
  at::gelu_(once);
  at::Tensor twice = upscaling2_(once);
  at::gelu_(twice);
  // Pixels in the order (row, column) of a token, then within it, and within that.
  at::Tensor const pixels =
      at::bmm(filter, twice.view({points.size(0), -1, filter.size(2)}).transpose(1, 2));
  std::int64_t const side = grid_ * kUpscaling * kUpscaling;
  return pixels
      .view({-1, filter.size(1), grid_, grid_, kUpscaling, kUpscaling, kUpscaling, kUpscaling})
      .permute({0, 1, 2, 4, 6, 3, 5, 7})
      .reshape({-1, filter.size(1), side, side})
      .to(at::kFloat);
}

}  // namespace seplflow::sam
