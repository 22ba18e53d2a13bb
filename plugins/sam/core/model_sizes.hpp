// The sizes of a Segment Anything model, read from the shapes of its tensors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nets/base/tensor_table.hpp"

namespace seplflow::sam {

using nets::OtherTypes;
using nets::TensorShapes;

// The image encoder: a plain vision transformer on a square of patches.
struct EncoderShape {
  std::int64_t patch = 0;                // pixels a side
  std::int64_t grid = 0;                 // patches a side
  std::int64_t width = 0;                // channels of a token
  std::int64_t head_width = 0;           // channels of an attention head
  std::int64_t mlp_width = 0;            // hidden channels of a block's MLP
  std::vector<std::int64_t> attends_to;  // for each block, tokens a side that attention spans:
                                         // `grid` (global) or the window

  std::int64_t image_size() const { return grid * patch; }
  std::int64_t heads() const { return width / head_width; }
};

// The prompt encoder and the mask decoder, which share their width.
struct DecoderShape {
  std::int64_t width = 0;            // channels of a token, and of the image embedding
  std::int64_t layers = 0;           // of the two-way transformer
  std::int64_t mlp_width = 0;        // hidden channels of a layer's MLP
  std::int64_t mask_tokens = 0;      // one mask alone, then the masks of an ambiguous prompt
  std::int64_t iou_hidden = 0;       // hidden channels of the IoU head
  std::int64_t iou_layers = 0;       // layers of the IoU head
  std::int64_t prompt_channels = 0;  // hidden channels of the (unused) encoder of mask prompts

  static constexpr std::int64_t kHeads = 8;       // attention heads: in no tensor's shape
  static constexpr std::int64_t kDownsample = 2;  // of channels within cross attention
};

struct ModelShape {
  EncoderShape encoder;
  DecoderShape decoder;
};

// The shape of the model that these tensors form: ViT-B, ViT-L, ViT-H or any other size of the same
// architecture. Throws Error, beginning with `name`, with the tensors that are missing, unknown, of
// another shape than the rest implies, or of another type: their numbers, and the first ten. A model
// that is known (relative_of_sam) is named instead.
ModelShape read_model_shape(TensorShapes const& tensors, OtherTypes const& other_types,
                            std::string_view name);

// What precedes SAM's own names in all names: "module." when it was trained with DataParallel,
// "sam." as a part of another model; empty when nothing does.
std::string common_prefix_of(TensorShapes const& tensors);

// All tensors of a model of this shape.
TensorShapes expected_tensors(ModelShape const& shape);

}  // namespace seplflow::sam
