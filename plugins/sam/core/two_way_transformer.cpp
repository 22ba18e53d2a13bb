#include "core/two_way_transformer.hpp"

#include <ATen/ops/_softmax.h>
#include <ATen/ops/matmul.h>

#include <cmath>

namespace seplflow::sam {
namespace {

constexpr char const* kName = "mask_decoder.transformer.";

// (B, n, heads * d) -> (B, heads, n, d).
at::Tensor in_heads(at::Tensor const& x) {
  return x.view({x.size(0), x.size(1), DecoderShape::kHeads, -1}).transpose(1, 2);
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
    : last_(weights, std::string(kName) + "final_attn_token_to_image"),
      norm_(weights, std::string(kName) + "norm_final_attn", LayerNorm::kDecoder) {
  for (std::int64_t i = 0; i < weights.shape().decoder.layers; ++i) {
    layers_.emplace_back(weights, kName + ("layers." + std::to_string(i)), i == 0);
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

}  // namespace seplflow::sam
