#include "core/model_sizes.hpp"

#include <algorithm>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>

namespace seplflow::sam {
namespace {

using nets::Axis;
using nets::count_numbered;
using nets::Dims;
using nets::kMaxLength;
using nets::numbered;
using nets::Votes;
using nets::winner_of;

constexpr std::string_view kBlocks = "image_encoder.blocks.";
constexpr std::string_view kLayers = "mask_decoder.transformer.layers.";
constexpr std::string_view kMaskHeads = "mask_decoder.output_hypernetworks_mlps.";
constexpr std::string_view kIouHead = "mask_decoder.iou_prediction_head.layers.";

constexpr std::int64_t kMaxImageSize = 8192;
constexpr std::int64_t kMaxWidth = 1 << 14;

// ---- What tensors a model has ----

// The tensors of a model by name. Axes refer to the sizes in `shape`.
class ModelTable : public nets::TensorTable {
 public:
  explicit ModelTable(ModelShape& shape) {
    add_encoder(shape.encoder, &shape.decoder.width);
    add_prompt_encoder(shape.decoder);
    add_transformer(shape.decoder);
    add_mask_decoder(shape.decoder);
  }

 private:
  void add_mlp(std::string const& name, Axis width, Axis hidden) {
    add_linear(name + ".lin1", width, hidden);
    add_linear(name + ".lin2", hidden, width);
  }
  void add_attention(std::string const& name, Axis width, Axis inner) {
    for (char const* const projection : {".q_proj", ".k_proj", ".v_proj"}) {
      add_linear(name + projection, width, inner);
    }
    add_linear(name + ".out_proj", inner, width);
  }

  void add_encoder(EncoderShape& shape, Axis out) {
    Axis const width = &shape.width, grid = &shape.grid, patch = &shape.patch;
    add("image_encoder.pos_embed", {1, grid, grid, width});
    add_affine("image_encoder.patch_embed.proj", {width, 3, patch, patch}, width);
    std::int64_t number = 0;
    for (std::int64_t const span : shape.attends_to) {
      std::string const block = numbered(kBlocks, number++);
      Axis const offsets = std::max<std::int64_t>(0, 2 * span - 1);
      add_norm(block + "norm1", width);
      add(block + "attn.rel_pos_h", {offsets, &shape.head_width});
      add(block + "attn.rel_pos_w", {offsets, &shape.head_width});
      add_linear(block + "attn.qkv", width, 3 * width);
      add_linear(block + "attn.proj", width, width);
      add_norm(block + "norm2", width);
      add_mlp(block + "mlp", width, &shape.mlp_width);
    }
    add("image_encoder.neck.0.weight", {out, width, 1, 1});
    add_norm("image_encoder.neck.1", out);
    add("image_encoder.neck.2.weight", {out, out, 3, 3});
    add_norm("image_encoder.neck.3", out);
  }

  void add_prompt_encoder(DecoderShape& shape) {
    constexpr std::int64_t kPointKinds = 4;  // background, foreground, two corners of a box
    Axis const width = &shape.width, channels = &shape.prompt_channels;
    std::string const prompt = "prompt_encoder.", masks = prompt + "mask_downscaling.";
    add(prompt + "pe_layer.positional_encoding_gaussian_matrix", {2, width / 2});
    for (std::int64_t i = 0; i < kPointKinds; ++i) {
      add(numbered(prompt + "point_embeddings.", i) + "weight", {1, width});
    }
    add(prompt + "not_a_point_embed.weight", {1, width});
    add(prompt + "no_mask_embed.weight", {1, width});
    add_affine(masks + "0", {channels / 4, 1, 2, 2}, channels / 4);
    add_norm(masks + "1", channels / 4);
    add_affine(masks + "3", {channels, channels / 4, 2, 2}, channels);
    add_norm(masks + "4", channels);
    add_affine(masks + "6", {width, channels, 1, 1}, width);
  }

  void add_transformer(DecoderShape& shape) {
    std::string const transformer = "mask_decoder.transformer.";
    Axis const width = &shape.width, inner = width / DecoderShape::kDownsample;
    for (std::int64_t i = 0; i < shape.layers; ++i) {
      std::string const layer = numbered(kLayers, i);
      add_attention(layer + "self_attn", width, width);
      add_attention(layer + "cross_attn_token_to_image", width, inner);
      add_attention(layer + "cross_attn_image_to_token", width, inner);
      add_mlp(layer + "mlp", width, &shape.mlp_width);
      for (char const* const norm : {"norm1", "norm2", "norm3", "norm4"}) {
        add_norm(layer + norm, width);
      }
    }
    add_attention(transformer + "final_attn_token_to_image", width, inner);
    add_norm(transformer + "norm_final_attn", width);
  }

  void add_mask_decoder(DecoderShape& shape) {
    std::string const decoder = "mask_decoder.";
    Axis const width = &shape.width, tokens = &shape.mask_tokens, hidden = &shape.iou_hidden;
    add(decoder + "iou_token.weight", {1, width});
    add(decoder + "mask_tokens.weight", {tokens, width});
    add_affine(decoder + "output_upscaling.0", {width, width / 4, 2, 2}, width / 4);
    add_norm(decoder + "output_upscaling.1", width / 4);
    add_affine(decoder + "output_upscaling.3", {width / 4, width / 8, 2, 2}, width / 8);
    for (std::int64_t i = 0; i < shape.mask_tokens; ++i) {
      std::string const mlp = numbered(kMaskHeads, i) + "layers.";
      add_linear(mlp + "0", width, width);
      add_linear(mlp + "1", width, width);
      add_linear(mlp + "2", width, width / 8);
    }
    for (std::int64_t i = 0; i < shape.iou_layers; ++i) {
      add_linear(std::string(kIouHead) + std::to_string(i), i == 0 ? width : hidden,
                 i + 1 == shape.iou_layers ? tokens : hidden);
    }
  }
};

// ---- What sizes most tensors agree on ----

// Finds the grid and what each block attends to: the whole grid, or a window that all other blocks
// share. A window may be larger than the grid, as the official code pads it.
void fit_attention(TensorShapes const& tensors, EncoderShape& shape) {
  std::vector<Dims> spans(shape.attends_to.size());
  Votes votes;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    for (char const* const name : {"attn.rel_pos_h", "attn.rel_pos_w"}) {
      auto const found = tensors.find(numbered(kBlocks, static_cast<std::int64_t>(i)) + name);
      if (found == tensors.end() || found->second.size() != 2) continue;
      if (found->second[0] > kMaxLength) continue;
      spans[i].push_back((found->second[0] + 1) / 2);  // offsets go from -(n - 1) to n - 1
      ++votes[spans[i].back()];
    }
  }
  auto const positions = tensors.find("image_encoder.pos_embed");
  if (positions != tensors.end() && positions->second.size() == 4) {
    std::int64_t const height = positions->second[1], width = positions->second[2];
    shape.grid = votes[width] > votes[height] ? width : height;
  } else {
    auto const repeated =
        std::ranges::find_if(votes, [](auto const& vote) { return vote.second > 1; });
    shape.grid = repeated == votes.end() ? 0 : repeated->first;
  }
  auto const is_global = [&](Dims const& block) {
    return std::ranges::count(block, shape.grid) > 0;
  };
  Votes windows;
  for (Dims const& block : spans) {
    for (std::int64_t const span : block) windows[span] += is_global(block) ? 0 : 1;
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    shape.attends_to[i] = is_global(spans[i]) ? shape.grid : winner_of(windows);
  }
}

// The model that the tensors agree on. Sizes that no tensor shows are 0.
ModelShape fit_shape(TensorShapes const& tensors) {
  ModelShape shape;
  DecoderShape& decoder = shape.decoder;
  shape.encoder.attends_to.resize(static_cast<std::size_t>(count_numbered(tensors, kBlocks)));
  decoder.layers = count_numbered(tensors, kLayers);
  decoder.iou_layers = count_numbered(tensors, kIouHead);
  decoder.mask_tokens = count_numbered(tensors, kMaskHeads);
  std::int64_t const tokens = decoder.mask_tokens;
  nets::fit_sizes(ModelTable(shape), tensors, {{&decoder.mask_tokens, {{tokens, 1}}}});
  decoder.mask_tokens = std::min(decoder.mask_tokens, std::ssize(tensors));
  fit_attention(tensors, shape.encoder);
  return shape;
}

// ---- What is wrong with a file ----

// Why no model has these sizes, although all tensors agree on them; or empty.
std::string impossible_size(ModelShape const& shape) {
  EncoderShape const& encoder = shape.encoder;
  DecoderShape const& decoder = shape.decoder;
  constexpr std::int64_t kParts = DecoderShape::kHeads * DecoderShape::kDownsample;
  if (encoder.attends_to.empty() || decoder.layers < 1) return "it has no transformer blocks";
  if (encoder.head_width < 1 || encoder.width % encoder.head_width != 0) {
    return "the encoder's width of " + std::to_string(encoder.width) +
           " is not a multiple of its heads' width of " + std::to_string(encoder.head_width);
  }
  if (encoder.patch < 1 || encoder.grid < 1 || encoder.patch > kMaxImageSize ||
      encoder.grid > kMaxImageSize || encoder.image_size() > kMaxImageSize) {
    return "its images would have " + std::to_string(encoder.grid) + " patches of " +
           std::to_string(encoder.patch) + " pixels a side";
  }
  for (std::int64_t const span : encoder.attends_to) {
    if (span >= 1 && span <= kMaxImageSize) continue;
    return "the attention of a block would span " + std::to_string(span) + " patches a side";
  }
  if (decoder.width < 1 || decoder.width > kMaxWidth || encoder.width > kMaxWidth ||
      decoder.width % kParts != 0) {
    return "the decoder's width of " + std::to_string(decoder.width) + " is not a multiple of " +
           std::to_string(kParts);
  }
  if (decoder.mask_tokens < 2) return "its decoder predicts no masks for ambiguous prompts";
  return {};
}

constexpr char const* kAdvice =
    "; expected a checkpoint of Segment Anything: sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth, "
    "sam_vit_h_4b8939.pth, or one that was trained from them";

// Throws when the tensors are those of another model, whose differences from SAM help nobody.
void refuse_relatives(TensorShapes const& tensors, std::string_view name) {
  std::vector<std::string_view> names;
  for (auto const& [tensor, shape] : tensors) names.push_back(tensor);
  std::string_view const relative = relative_of_sam(names);
  if (relative.empty()) return;
  throw Error(std::string(name) + " holds the tensors of " + std::string(relative) +
              ", which masks.sam does not run" + kAdvice +
              "; or generate the masks with its own program and read them with masks.json");
}

}  // namespace

TensorShapes expected_tensors(ModelShape const& shape) {
  ModelShape copy = shape;
  return ModelTable(copy).shapes();
}

ModelShape read_model_shape(TensorShapes const& tensors, OtherTypes const& other_types,
                            std::string_view name) {
  refuse_relatives(tensors, name);
  ModelShape const shape = fit_shape(tensors);
  std::string problem = nets::differences(tensors, other_types, expected_tensors(shape), kAdvice,
                                          {std::string(kBlocks) + "0", std::string(kLayers) + "0"});
  if (problem.empty()) {
    problem = impossible_size(shape);
    if (!problem.empty()) problem += kAdvice;
  }
  if (!problem.empty()) throw Error(std::string(name) + " is not a SAM model: " + problem);
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
