#include "core/model_sizes.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>

namespace seplflow::sam {
namespace {

using Dims = std::vector<std::int64_t>;

constexpr std::string_view kBlocks = "image_encoder.blocks.";
constexpr std::string_view kLayers = "mask_decoder.transformer.layers.";
constexpr std::string_view kMaskHeads = "mask_decoder.output_hypernetworks_mlps.";
constexpr std::string_view kIouHead = "mask_decoder.iou_prediction_head.layers.";

// Limits on what a file may claim.
constexpr std::int64_t kMaxBlocks = 1024;
constexpr std::int64_t kMaxLength = std::int64_t{1} << 31;  // of an axis
constexpr std::int64_t kMaxImageSize = 8192;
constexpr std::int64_t kMaxWidth = 1 << 14;

std::string numbered(std::string_view prefix, std::int64_t i) {
  return std::string(prefix) + std::to_string(i) + ".";
}

// ---- What tensors a model has ----

// The length of a tensor's axis: times * size / by for one of the model's sizes, or a constant.
struct Axis {
  Axis(std::int64_t constant) : times(constant) {}
  Axis(std::int64_t* of) : size(of) {}

  std::int64_t length() const { return size ? *size * times / by : times; }
  // The size that gives this length.
  std::int64_t size_for(std::int64_t length) const { return length * by / times; }

  std::int64_t* size = nullptr;
  std::int64_t times = 1, by = 1;
};

Axis operator*(std::int64_t times, Axis axis) {
  axis.times = times;
  return axis;
}
Axis operator/(Axis axis, std::int64_t by) {
  axis.by = by;
  return axis;
}

using Axes = std::vector<Axis>;

// The tensors of a model by name. Axes refer to the sizes in `shape`.
class TensorTable {
 public:
  explicit TensorTable(ModelShape& shape) {
    add_encoder(shape.encoder, &shape.decoder.width);
    add_prompt_encoder(shape.decoder);
    add_transformer(shape.decoder);
    add_mask_decoder(shape.decoder);
  }
  std::map<std::string, Axes> take() { return std::move(tensors_); }

 private:
  void add(std::string const& name, Axes axes) { tensors_.emplace(name, std::move(axes)); }
  void add_affine(std::string const& name, Axes weight, Axis bias) {
    add(name + ".weight", std::move(weight));
    add(name + ".bias", {bias});
  }
  void add_linear(std::string const& name, Axis in, Axis out) { add_affine(name, {out, in}, out); }
  void add_norm(std::string const& name, Axis width) { add_affine(name, {width}, width); }
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

  std::map<std::string, Axes> tensors_;
};

// ---- What sizes most tensors agree on ----

// The number of PREFIX0., PREFIX1., ...: one more than the last that has at least half as many
// tensors as the largest, as long as no more than half of them are missing.
std::int64_t count_numbered(TensorShapes const& tensors, std::string_view prefix) {
  std::vector<std::ptrdiff_t> sizes;
  for (std::int64_t i = 0; i < kMaxBlocks; ++i) {
    std::string const name = numbered(prefix, i);
    sizes.push_back(std::distance(tensors.lower_bound(name), tensors.lower_bound(name + '~')));
  }
  std::ptrdiff_t const usual = std::max<std::ptrdiff_t>(1, std::ranges::max(sizes));
  std::int64_t count = 0, present = 0;
  for (std::int64_t i = 0; i < kMaxBlocks; ++i) {
    if (2 * sizes[static_cast<std::size_t>(i)] >= usual && i < 2 * ++present) count = i + 1;
  }
  return count;
}

using Votes = std::map<std::int64_t, std::size_t, std::greater<>>;

// The value with the most votes, of equals the largest; 0 without votes.
std::int64_t winner_of(Votes const& votes) {
  auto const fewer = [](auto const& a, auto const& b) { return a.second < b.second; };
  auto const winner = std::ranges::max_element(votes, fewer);
  return winner == votes.end() ? 0 : winner->first;
}

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

// The model that the tensors agree on: every axis of every tensor votes for the size that it shows,
// so that a damaged tensor is outvoted by the sound ones. Sizes that no tensor shows are 0.
ModelShape fit_shape(TensorShapes const& tensors) {
  ModelShape shape;
  DecoderShape& decoder = shape.decoder;
  shape.encoder.attends_to.resize(static_cast<std::size_t>(count_numbered(tensors, kBlocks)));
  decoder.layers = count_numbered(tensors, kLayers);
  decoder.iou_layers = count_numbered(tensors, kIouHead);
  decoder.mask_tokens = count_numbered(tensors, kMaskHeads);
  std::map<std::int64_t*, Votes> votes = {{&decoder.mask_tokens, {{decoder.mask_tokens, 1}}}};
  for (auto const& [name, axes] : TensorTable(shape).take()) {
    auto const found = tensors.find(name);
    if (found == tensors.end() || found->second.size() != axes.size()) continue;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      std::int64_t const length = found->second[i];
      // A file can claim any length for a tensor without elements.
      if (axes[i].size && length <= kMaxLength) ++votes[axes[i].size][axes[i].size_for(length)];
    }
  }
  for (auto const& [size, of_size] : votes) *size = winner_of(of_size);
  decoder.mask_tokens = std::min(decoder.mask_tokens, std::ssize(tensors));
  fit_attention(tensors, shape.encoder);
  return shape;
}

// ---- What is wrong with a file ----

std::string text_of(Dims const& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

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

// Lines from the beginning of each list, ten together, and the number of the others.
std::string shown(std::vector<std::vector<std::string>> const& lists) {
  std::size_t left = 10, all = 0;
  for (auto const& list : lists) all += list.size();
  std::vector<std::size_t> shares(lists.size());
  for (std::size_t i = 0; left > 0 && i < all; ++i) {
    for (std::size_t k = 0; k < lists.size(); ++k) {
      if (left == 0 || shares[k] == lists[k].size()) continue;
      ++shares[k];
      --left;
    }
  }
  std::string lines;
  for (std::size_t k = 0; k < lists.size(); ++k) {
    for (std::string const& line : std::span(lists[k]).first(shares[k])) lines += "\n  " + line;
    all -= shares[k];
  }
  return all > 0 ? lines + "\n  and " + std::to_string(all) + " more" : lines;
}

// A summary of all differences, then the first of them in a line each; empty when there are none.
std::string differences(TensorShapes const& found, OtherTypes const& other_types,
                        TensorShapes const& expected) {
  std::vector<std::string> types, shapes, missing, unknown;
  for (auto const& [name, shape] : expected) {
    auto const same = found.find(name);
    if (same == found.end()) {
      missing.push_back("missing: " + name);
      continue;
    }
    if (same->second != shape) {
      shapes.push_back("wrong shape: " + name + " is " + text_of(same->second) +
                       "; the rest of the model needs " + text_of(shape));
    }
    if (auto const type = other_types.find(name); type != other_types.end()) {
      types.push_back("wrong type: " + name + " holds " + type->second +
                      "; the model needs floating-point numbers");
    }
  }
  for (auto const& [name, shape] : found) {
    if (!expected.contains(name)) unknown.push_back("unknown: " + name + " " + text_of(shape));
  }
  std::size_t const count_missing = missing.size();
  if (types.size() + shapes.size() + count_missing + unknown.size() == 0) return {};
  for (std::string_view const part : {kBlocks, kLayers}) {
    auto const first = expected.lower_bound(part);
    if (first == expected.end() || !first->first.starts_with(part)) {
      missing.insert(missing.begin(),
                     "missing: " + std::string(part) + "0 and all blocks after it");
    }
  }
  std::string const lines = shown({types, shapes, missing, unknown});
  return "missing: " + std::to_string(count_missing) + " of " + std::to_string(expected.size()) +
         " tensors; wrong shape: " + std::to_string(shapes.size()) +
         "; wrong type: " + std::to_string(types.size()) +
         "; unknown: " + std::to_string(unknown.size()) + kAdvice + lines;
}

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
  TensorShapes tensors;
  for (auto const& [name, axes] : TensorTable(copy).take()) {
    Dims& lengths = tensors[name];
    for (Axis const& axis : axes) lengths.push_back(axis.length());
  }
  return tensors;
}

ModelShape read_model_shape(TensorShapes const& tensors, OtherTypes const& other_types,
                            std::string_view name) {
  refuse_relatives(tensors, name);
  ModelShape const shape = fit_shape(tensors);
  std::string problem = differences(tensors, other_types, expected_tensors(shape));
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
