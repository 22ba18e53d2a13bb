#include <limits>

#include <seplflow/error.hpp>
#include "core/model_sizes.hpp"
#include "support/catch.hpp"
#include "support/sam_checkpoint.hpp"

using namespace seplflow;
using namespace seplflow::sam;

namespace {

std::string refusal(TensorShapes const& tensors, OtherTypes const& types = {}) {
  try {
    read_model_shape(tensors, types, "a.pth");
    return "";
  } catch (Error const& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("the official models' sizes are read from their tensors") {
  auto const [width, depth, heads] =
      GENERATE(table<int, int, int>({{768, 12, 12}, {1024, 24, 16}, {1280, 32, 16}}));
  ModelShape const shape = official_sam(width, depth, heads);
  TensorShapes const tensors = expected_tensors(shape);
  ModelShape const read = read_model_shape(tensors, {}, "a.pth");
  CHECK(read.encoder.image_size() == 1024);
  CHECK(read.encoder.heads() == heads);
  CHECK(read.encoder.attends_to == shape.encoder.attends_to);
  CHECK(expected_tensors(read) == tensors);
  CHECK(tensors.size() == (depth == 12 ? 314U : depth == 24 ? 482U : 594U));
}

TEST_CASE("one message names every tensor that is wrong") {
  TensorShapes tensors = expected_tensors(small_sam());
  tensors.erase("image_encoder.pos_embed");
  tensors.erase("mask_decoder.iou_token.weight");
  tensors["image_encoder.blocks.1.mlp.lin2.weight"] = {16, 31};
  tensors["image_encoder.blocks.0.attn.rel_pos_w"] = {3, 8};
  tensors["adapter.weight"] = {2, 2};
  std::string const message = refusal(tensors, {{"prompt_encoder.no_mask_embed.weight", "int64"}});
  CHECK_THAT(message, Contains("\n  missing: image_encoder.pos_embed"));
  CHECK_THAT(message, Contains("\n  missing: mask_decoder.iou_token.weight"));
  CHECK_THAT(message, Contains("\n  wrong shape: image_encoder.blocks.1.mlp.lin2.weight is "
                               "(16, 31); the rest of the model needs (16, 32)"));
  CHECK_THAT(message, Contains("image_encoder.blocks.0.attn.rel_pos_w is (3, 8); the rest of the "
                               "model needs (5, 8)"));
  CHECK_THAT(message, Contains("\n  unknown: adapter.weight (2, 2)"));
  CHECK_THAT(message, Contains("\n  wrong type: prompt_encoder.no_mask_embed.weight holds int64; "
                               "the model needs floating-point numbers"));
  std::string const expected = std::to_string(expected_tensors(small_sam()).size());
  CHECK_THAT(message, StartsWith("a.pth is not a SAM model: missing: 2 of " + expected +
                                 " tensors; wrong shape: 2; wrong type: 1; unknown: 1; expected a "
                                 "checkpoint of Segment Anything"));
}

TEST_CASE("whichever tensor is damaged, the message names it and no sound one",
          "[arithmetic]") {
  TensorShapes const sound = expected_tensors(official_sam(96, 8, 4));
  // No other tensor shows the side of the patches, which is in two axes of one tensor.
  std::string const patches = "image_encoder.patch_embed.proj.weight";
  for (auto const& [name, shape] : sound) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (name == patches && axis > 1) continue;
      TensorShapes tensors = sound;
      tensors[name][axis] += 2;
      INFO(name << ", axis " << axis);
      std::string const message = refusal(tensors);
      CHECK_THAT(message, Contains("\n  wrong shape: " + name + " is "));
      CHECK_THAT(message, Contains("missing: 0 of " + std::to_string(sound.size()) +
                                   " tensors; wrong shape: 1; wrong type: 0; unknown: 0;"));
    }
  }
}

TEST_CASE("whichever tensor is missing, the message names it and nothing else",
          "[arithmetic]") {
  TensorShapes const sound = expected_tensors(official_sam(96, 8, 4));
  for (auto const& [name, shape] : sound) {
    TensorShapes tensors = sound;
    tensors.erase(name);
    INFO(name);
    std::string const message = refusal(tensors);
    CHECK_THAT(message, Contains("\n  missing: " + name));
    // Without this tensor the side of the patches is unknown.
    if (name == "image_encoder.patch_embed.proj.weight") continue;
    CHECK_THAT(message, Contains("missing: 1 of " + std::to_string(sound.size()) +
                                 " tensors; wrong shape: 0; wrong type: 0; unknown: 0;"));
  }
}

TEST_CASE("a model with a missing block is not taken for one with fewer blocks") {
  TensorShapes tensors = expected_tensors(official_sam(96, 8, 4));
  std::erase_if(tensors, [](auto const& tensor) {
    return tensor.first.starts_with("image_encoder.blocks.3.");
  });
  std::string const message = refusal(tensors);
  CHECK_THAT(message, Contains("\n  missing: image_encoder.blocks.3.attn.qkv.weight"));
  CHECK_THAT(message, Contains(" 14 of ") && Contains(" unknown: 0;"));
}

TEST_CASE("all windowed blocks share one window size") {
  TensorShapes tensors = expected_tensors(official_sam(96, 8, 4));
  for (char const axis : {'h', 'w'}) {
    tensors["image_encoder.blocks.2.attn.rel_pos_" + std::string(1, axis)] = {11, 24};
  }
  CHECK_THAT(refusal(tensors),
             Contains("blocks.2.attn.rel_pos_h is (11, 24); the rest of the model needs (27, 24)"));
}

TEST_CASE("a window may be larger than the grid, since the official code pads it") {
  ModelShape shape = small_sam();
  shape.encoder.attends_to = {14, 4};
  ModelShape const read = read_model_shape(expected_tensors(shape), {}, "a.pth");
  CHECK(read.encoder.grid == 4);
  CHECK(read.encoder.attends_to == shape.encoder.attends_to);
}

TEST_CASE("absurd block numbers and counts cost nothing") {
  TensorShapes tensors = expected_tensors(small_sam());
  tensors["image_encoder.blocks.999999999999.norm1.weight"] = {16};
  tensors["mask_decoder.mask_tokens.weight"] = {1 << 30, 32};
  CHECK_THAT(refusal(tensors),
             Contains("unknown: image_encoder.blocks.999999999999.norm1.weight (16)") &&
                 Contains("mask_decoder.mask_tokens.weight is (1073741824, 32); the rest of the "
                          "model needs (4, 32)"));
}

TEST_CASE("a file that claims thousands of blocks of different sizes is rejected quickly") {
  TensorShapes tensors;
  for (int i = 0; i < 5000; ++i) {
    std::string const block = "image_encoder.blocks." + std::to_string(i) + ".";
    tensors[block + "norm1.weight"] = {i + 1};
    tensors[block + "attn.rel_pos_h"] = {2 * i + 1, i + 1};
  }
  CHECK_THAT(refusal(tensors), Contains("unknown: image_encoder.blocks.") && Contains(" more"));
}

TEST_CASE("the claimed sizes of tensors without elements are ignored") {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  TensorShapes const tensors = {{"image_encoder.pos_embed", {0, kHuge, kHuge, kHuge}},
                                {"image_encoder.blocks.0.attn.rel_pos_h", {kHuge, 0}},
                                {"mask_decoder.iou_token.weight", {0, kHuge}}};
  CHECK_THAT(refusal(tensors), Contains("wrong shape: image_encoder.pos_embed"));
}

TEST_CASE("the tensors of another network are not a SAM") {
  CHECK_THAT(refusal({{"conv1.weight", {64, 3, 7, 7}}, {"fc.bias", {1000}}}),
             Contains("unknown: conv1.weight (64, 3, 7, 7)") &&
                 Contains("missing: image_encoder.neck.0.weight"));
  CHECK_THAT(refusal({}), Contains("missing: image_encoder.blocks.0 and all blocks after it"));
}

TEST_CASE("a message names at most ten tensors and counts the others") {
  TensorShapes tensors;
  for (int i = 0; i < 300; ++i) tensors["head." + std::to_string(i)] = {i};
  std::string const message = refusal(tensors);
  CHECK(std::ranges::count(message, '\n') == 11);
  CHECK_THAT(message, Contains("unknown: 300;") && Contains("\n  unknown: head.0 (0)") &&
                          Contains("\n  missing: image_encoder.blocks.0") && Contains(" more"));
}

TEST_CASE("a model that is related to SAM is named in one line") {
  TensorShapes tensors = expected_tensors(small_sam());
  tensors["mask_decoder.hf_token.weight"] = {1, 32};
  std::string const message = refusal(tensors);
  CHECK_THAT(message, Contains("a.pth holds the tensors of SAM-HQ, which masks.sam does not run; "
                               "expected a checkpoint of Segment Anything"));
  CHECK(std::ranges::count(message, '\n') == 0);
}

TEST_CASE("impossible sizes are refused before any of them is used") {
  ModelShape shape = small_sam();
  shape.encoder.grid = 1 << 20;
  shape.encoder.attends_to = {3, 1 << 20};
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("patches of 16 pixels a side"));
  shape = small_sam();
  shape.encoder.head_width = 7;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("not a multiple of its heads' width of 7"));
  shape = small_sam();
  shape.encoder.attends_to = {1 << 20, 4};
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("would span 1048576 patches a side"));
  shape = small_sam();
  shape.decoder.width = 24;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("not a multiple of 16"));
}

TEST_CASE("a prefix counts only if all names have it") {
  CHECK(common_prefix_of(expected_tensors(small_sam())).empty());
  CHECK(common_prefix_of({}).empty());
  CHECK(common_prefix_of({{"conv1.weight", {4}}}).empty());
  TensorShapes tensors = {{"a.sam.image_encoder.pos_embed", {1}}, {"a.sam.mask_decoder.x", {1}}};
  CHECK(common_prefix_of(tensors) == "a.sam.");
  tensors["a.head"] = {1};
  CHECK(common_prefix_of(tensors).empty());
}
