#include "core/shape.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "core/shape_fit.hpp"

namespace seplflow::sam {
namespace {

using Dims = std::vector<std::int64_t>;

// The largest image size and number of tokens' channels that are taken for a SAM.
constexpr std::int64_t kMaxImageSize = 8192;
constexpr std::int64_t kMaxWidth = 1 << 14;

std::string block_name(std::size_t i) {
  return "image_encoder.blocks." + std::to_string(i) + ".";
}

// Collects the expected tensors.
class Expected {
 public:
  void tensor(std::string const& name, Dims shape) { tensors_[name] = std::move(shape); }
  void affine(std::string const& name, Dims weight, std::int64_t bias) {
    tensor(name + ".weight", std::move(weight));
    tensor(name + ".bias", {bias});
  }
  void linear(std::string const& name, std::int64_t in, std::int64_t out) {
    affine(name, {out, in}, out);
  }
  void norm(std::string const& name, std::int64_t width) { affine(name, {width}, width); }
  void mlp(std::string const& name, std::int64_t width, std::int64_t hidden) {
    linear(name + ".lin1", width, hidden);
    linear(name + ".lin2", hidden, width);
  }
  TensorShapes take() { return std::move(tensors_); }

 private:
  TensorShapes tensors_;
};

void expect_encoder(Expected& expected, EncoderShape const& shape, std::int64_t out) {
  std::int64_t const width = shape.width;
  expected.tensor("image_encoder.pos_embed", {1, shape.grid, shape.grid, width});
  expected.affine("image_encoder.patch_embed.proj", {width, 3, shape.patch, shape.patch}, width);
  for (std::size_t i = 0; i < shape.attends_to.size(); ++i) {
    std::string const block = block_name(i);
    std::int64_t const offsets = 2 * shape.attends_to[i] - 1;
    expected.norm(block + "norm1", width);
    expected.tensor(block + "attn.rel_pos_h", {offsets, shape.head_width});
    expected.tensor(block + "attn.rel_pos_w", {offsets, shape.head_width});
    expected.linear(block + "attn.qkv", width, 3 * width);
    expected.linear(block + "attn.proj", width, width);
    expected.norm(block + "norm2", width);
    expected.mlp(block + "mlp", width, shape.mlp_width);
  }
  expected.tensor("image_encoder.neck.0.weight", {out, width, 1, 1});
  expected.norm("image_encoder.neck.1", out);
  expected.tensor("image_encoder.neck.2.weight", {out, out, 3, 3});
  expected.norm("image_encoder.neck.3", out);
}

void expect_prompt_encoder(Expected& expected, DecoderShape const& shape) {
  constexpr int kPointKinds = 4;  // background, foreground, two corners of a box
  std::string const prompt = "prompt_encoder.";
  expected.tensor(prompt + "pe_layer.positional_encoding_gaussian_matrix", {2, shape.width / 2});
  for (int i = 0; i < kPointKinds; ++i) {
    expected.tensor(prompt + "point_embeddings." + std::to_string(i) + ".weight", {1, shape.width});
  }
  expected.tensor(prompt + "not_a_point_embed.weight", {1, shape.width});
  expected.tensor(prompt + "no_mask_embed.weight", {1, shape.width});
  std::int64_t const channels = shape.prompt_channels;
  std::string const masks = prompt + "mask_downscaling.";
  expected.affine(masks + "0", {channels / 4, 1, 2, 2}, channels / 4);
  expected.norm(masks + "1", channels / 4);
  expected.affine(masks + "3", {channels, channels / 4, 2, 2}, channels);
  expected.norm(masks + "4", channels);
  expected.affine(masks + "6", {shape.width, channels, 1, 1}, shape.width);
}

void expect_attention(Expected& expected, std::string const& name, std::int64_t width,
                      std::int64_t inner) {
  for (char const* const projection : {".q_proj", ".k_proj", ".v_proj"}) {
    expected.linear(name + projection, width, inner);
  }
  expected.linear(name + ".out_proj", inner, width);
}

void expect_transformer(Expected& expected, DecoderShape const& shape) {
  std::string const transformer = "mask_decoder.transformer.";
  std::int64_t const inner = shape.width / DecoderShape::kDownsample;
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    std::string const layer = transformer + "layers." + std::to_string(i) + ".";
    expect_attention(expected, layer + "self_attn", shape.width, shape.width);
    expect_attention(expected, layer + "cross_attn_token_to_image", shape.width, inner);
    expect_attention(expected, layer + "cross_attn_image_to_token", shape.width, inner);
    expected.mlp(layer + "mlp", shape.width, shape.mlp_width);
    for (char const* const norm : {"norm1", "norm2", "norm3", "norm4"}) {
      expected.norm(layer + norm, shape.width);
    }
  }
  expect_attention(expected, transformer + "final_attn_token_to_image", shape.width, inner);
  expected.norm(transformer + "norm_final_attn", shape.width);
}

void expect_mask_decoder(Expected& expected, DecoderShape const& shape) {
  std::string const decoder = "mask_decoder.";
  std::int64_t const width = shape.width;
  expect_transformer(expected, shape);
  expected.tensor(decoder + "iou_token.weight", {1, width});
  expected.tensor(decoder + "mask_tokens.weight", {shape.mask_tokens, width});
  expected.affine(decoder + "output_upscaling.0", {width, width / 4, 2, 2}, width / 4);
  expected.norm(decoder + "output_upscaling.1", width / 4);
  expected.affine(decoder + "output_upscaling.3", {width / 4, width / 8, 2, 2}, width / 8);
  for (std::int64_t i = 0; i < shape.mask_tokens; ++i) {
    std::string const mlp = decoder + "output_hypernetworks_mlps." + std::to_string(i) + ".layers.";
    expected.linear(mlp + "0", width, width);
    expected.linear(mlp + "1", width, width);
    expected.linear(mlp + "2", width, width / 8);
  }
  for (std::int64_t i = 0; i < shape.iou_layers; ++i) {
    expected.linear(decoder + "iou_prediction_head.layers." + std::to_string(i),
                    i == 0 ? width : shape.iou_hidden,
                    i + 1 == shape.iou_layers ? shape.mask_tokens : shape.iou_hidden);
  }
}

std::string text_of(Dims const& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

// What keeps these sizes from being a model's, where it is not a single tensor's fault.
std::string contradiction(ModelShape const& shape) {
  EncoderShape const& encoder = shape.encoder;
  DecoderShape const& decoder = shape.decoder;
  if (encoder.attends_to.empty() || decoder.layers < 1) return "it has no transformer blocks";
  if (encoder.head_width < 1 || encoder.width % encoder.head_width != 0) {
    return "the encoder's width of " + std::to_string(encoder.width) +
           " is no multiple of its heads' width of " + std::to_string(encoder.head_width);
  }
  if (encoder.patch < 1 || encoder.grid < 1 || encoder.patch > kMaxImageSize ||
      encoder.grid > kMaxImageSize || encoder.image_size() > kMaxImageSize) {
    return "its images would be of " + std::to_string(encoder.grid) + " patches of " +
           std::to_string(encoder.patch) + " pixels a side";
  }
  auto const fits = [](std::int64_t span) { return span >= 1 && span <= kMaxImageSize; };
  if (!std::ranges::all_of(encoder.attends_to, fits)) {
    return "the attention of a block would span " +
           std::to_string(*std::ranges::find_if_not(encoder.attends_to, fits)) + " patches a side";
  }
  if (decoder.width < 1 || decoder.width > kMaxWidth || encoder.width > kMaxWidth ||
      decoder.width % (DecoderShape::kHeads * DecoderShape::kDownsample) != 0) {
    return "the decoder's width of " + std::to_string(decoder.width) + " is no multiple of " +
           std::to_string(DecoderShape::kHeads * DecoderShape::kDownsample);
  }
  if (decoder.mask_tokens < 2) return "its decoder predicts no masks of ambiguous prompts";
  return {};
}

// Differences of a kind: a line each, and how many.
struct Differences {
  void add(std::string const& line) {
    lines += "\n  " + line;
    ++count;
  }
  std::string lines;
  std::size_t count = 0;
};

constexpr char const* kAdvice =
    "; expected a checkpoint of Segment Anything: sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth, "
    "sam_vit_h_4b8939.pth, or one that was trained from them";

// What the differences come to, and then every one of them; empty when there is none.
std::string differences(TensorShapes const& found, OtherTypes const& other_types,
                        TensorShapes const& expected) {
  Differences types, shapes, missing, extra;
  for (auto const& [name, shape] : expected) {
    auto const same = found.find(name);
    if (same == found.end()) {
      missing.add("missing: " + name);
      continue;
    }
    if (same->second != shape) {
      shapes.add("of another shape: " + name + " is " + text_of(same->second) +
                 ", the rest of the model needs " + text_of(shape));
    }
    if (auto const type = other_types.find(name); type != other_types.end()) {
      types.add("of another type: " + name + " is of " + type->second +
                ", the model needs floating-point numbers");
    }
  }
  for (auto const& [name, shape] : found) {
    if (!expected.contains(name)) extra.add("not SAM's: " + name + " " + text_of(shape));
  }
  std::string lines = types.lines + shapes.lines + missing.lines + extra.lines;
  if (lines.empty()) return {};
  for (char const* const part : {"image_encoder.blocks.", "mask_decoder.transformer.layers."}) {
    auto const first = expected.lower_bound(part);
    if (first == expected.end() || !first->first.starts_with(part)) {
      lines += "\n  missing: " + std::string(part) + "0 and those that follow, however many";
    }
  }
  return std::to_string(missing.count) + " of " + std::to_string(expected.size()) +
         " tensors missing, " + std::to_string(shapes.count) + " of another shape, " +
         std::to_string(types.count) + " of another type, " + std::to_string(extra.count) +
         " not SAM's" + kAdvice + lines;
}

}  // namespace

TensorShapes expected_tensors(ModelShape const& shape) {
  Expected expected;
  expect_encoder(expected, shape.encoder, shape.decoder.width);
  expect_prompt_encoder(expected, shape.decoder);
  expect_mask_decoder(expected, shape.decoder);
  return expected.take();
}

ModelShape read_model_shape(TensorShapes const& tensors, OtherTypes const& other_types,
                            std::string_view name) {
  ModelShape const shape = fit_shape(tensors);
  std::string const refusal = std::string(name) + " does not hold a SAM model: ";
  if (auto const wrong = differences(tensors, other_types, expected_tensors(shape));
      !wrong.empty()) {
    throw Error(refusal + wrong);
  }
  if (auto const wrong = contradiction(shape); !wrong.empty()) {
    throw Error(refusal + wrong + kAdvice);
  }
  return shape;
}

std::string common_prefix_of(TensorShapes const& tensors) {
  constexpr std::string_view kPart = "image_encoder.";
  for (auto const& [name, shape] : tensors) {
    auto const before = name.find(kPart);
    if (before == std::string::npos) continue;
    std::string const prefix = name.substr(0, before);
    auto const has_prefix = [&](auto const& each) { return each.first.starts_with(prefix); };
    return std::ranges::all_of(tensors, has_prefix) ? prefix : std::string();
  }
  return {};
}

}  // namespace seplflow::sam
