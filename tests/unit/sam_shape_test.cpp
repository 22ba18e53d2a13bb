#include <limits>

#include "base/error.hpp"
#include "core/shape.hpp"
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

TEST_CASE("every tensor that differs is named in one message") {
  TensorShapes tensors = expected_tensors(small_sam());
  tensors.erase("image_encoder.pos_embed");
  tensors.erase("mask_decoder.iou_token.weight");
  tensors["image_encoder.blocks.1.mlp.lin2.weight"] = {16, 31};
  tensors["image_encoder.blocks.0.attn.rel_pos_w"] = {3, 8};
  tensors["adapter.weight"] = {2, 2};
  std::string const message = refusal(tensors, {{"prompt_encoder.no_mask_embed.weight", "int64"}});
  CHECK_THAT(message, Contains("\n  missing: image_encoder.pos_embed"));
  CHECK_THAT(message, Contains("\n  missing: mask_decoder.iou_token.weight"));
  CHECK_THAT(message, Contains("\n  of another shape: image_encoder.blocks.1.mlp.lin2.weight is "
                               "(16, 31), the rest of the model needs (16, 32)"));
  CHECK_THAT(message, Contains("image_encoder.blocks.0.attn.rel_pos_w is (3, 8), the rest of the "
                               "model needs (5, 8)"));
  CHECK_THAT(message, Contains("\n  not SAM's: adapter.weight (2, 2)"));
  CHECK_THAT(message, Contains("\n  of another type: prompt_encoder.no_mask_embed.weight is of "
                               "int64, the model needs floating-point numbers"));
  std::string const expected = std::to_string(expected_tensors(small_sam()).size());
  CHECK_THAT(message,
             StartsWith("a.pth does not hold a SAM model: 2 of " + expected +
                        " tensors missing, 2 of another shape, 1 of another type, 1 not SAM's; "
                        "expected a checkpoint of Segment Anything"));
}

TEST_CASE("a damaged tensor is named, and no sound one, whichever it is") {
  TensorShapes const sound = expected_tensors(official_sam(96, 8, 4));
  // What no other tensor shows: the side of the patches, in both axes of one tensor.
  std::string const patches = "image_encoder.patch_embed.proj.weight";
  for (auto const& [name, shape] : sound) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (name == patches && axis > 1) continue;
      TensorShapes tensors = sound;
      tensors[name][axis] += 2;
      INFO(name << ", axis " << axis);
      std::string const message = refusal(tensors);
      CHECK_THAT(message, Contains("\n  of another shape: " + name + " is "));
      CHECK_THAT(message, Contains("model: 0 of " + std::to_string(sound.size()) +
                                   " tensors missing, 1 of another shape, 0 of another type, 0 "
                                   "not SAM's"));
    }
  }
}

TEST_CASE("a missing tensor is named, and nothing else, whichever it is") {
  TensorShapes const sound = expected_tensors(official_sam(96, 8, 4));
  for (auto const& [name, shape] : sound) {
    TensorShapes tensors = sound;
    tensors.erase(name);
    INFO(name);
    std::string const message = refusal(tensors);
    CHECK_THAT(message, Contains("\n  missing: " + name));
    // Without it nothing tells the side of the patches.
    if (name == "image_encoder.patch_embed.proj.weight") continue;
    CHECK_THAT(message, Contains("model: 1 of " + std::to_string(sound.size()) +
                                 " tensors missing, 0 of another shape"));
  }
}

TEST_CASE("a missing block is told from a model of fewer blocks") {
  TensorShapes tensors = expected_tensors(official_sam(96, 8, 4));
  std::erase_if(tensors, [](auto const& tensor) {
    return tensor.first.starts_with("image_encoder.blocks.3.");
  });
  std::string const message = refusal(tensors);
  CHECK_THAT(message, Contains("\n  missing: image_encoder.blocks.3.norm1.weight"));
  CHECK_THAT(message, Contains(" 14 of ") && Contains(" 0 not SAM's"));
}

TEST_CASE("blocks share one window") {
  TensorShapes tensors = expected_tensors(official_sam(96, 8, 4));
  for (char const axis : {'h', 'w'}) {
    tensors["image_encoder.blocks.2.attn.rel_pos_" + std::string(1, axis)] = {11, 24};
  }
  CHECK_THAT(refusal(tensors),
             Contains("blocks.2.attn.rel_pos_h is (11, 24), the rest of the model needs (27, 24)"));
}

TEST_CASE("a window may be larger than the grid, as the official code fills it up") {
  ModelShape shape = small_sam();
  shape.encoder.attends_to = {14, 4};
  ModelShape const read = read_model_shape(expected_tensors(shape), {}, "a.pth");
  CHECK(read.encoder.grid == 4);
  CHECK(read.encoder.attends_to == shape.encoder.attends_to);
}

TEST_CASE("numbers of blocks that no file can have cost nothing") {
  TensorShapes tensors = expected_tensors(small_sam());
  tensors["image_encoder.blocks.999999999999.norm1.weight"] = {16};
  tensors["mask_decoder.mask_tokens.weight"] = {1 << 30, 32};
  CHECK_THAT(refusal(tensors),
             Contains("not SAM's: image_encoder.blocks.999999999999.norm1.weight (16)") &&
                 Contains("mask_decoder.mask_tokens.weight is (1073741824, 32), the rest of the "
                          "model needs (4, 32)"));
}

TEST_CASE("a file that claims thousands of blocks of as many sizes costs no more than its list") {
  TensorShapes tensors;
  for (int i = 0; i < 5000; ++i) {
    std::string const block = "image_encoder.blocks." + std::to_string(i) + ".";
    tensors[block + "norm1.weight"] = {i + 1};
    tensors[block + "attn.rel_pos_h"] = {2 * i + 1, i + 1};
  }
  CHECK_THAT(refusal(tensors), Contains("not SAM's: image_encoder.blocks.4999.norm1.weight"));
}

TEST_CASE("sizes of tensors without elements are not believed") {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  TensorShapes const tensors = {{"image_encoder.pos_embed", {0, kHuge, kHuge, kHuge}},
                                {"image_encoder.blocks.0.attn.rel_pos_h", {kHuge, 0}},
                                {"mask_decoder.iou_token.weight", {0, kHuge}}};
  CHECK_THAT(refusal(tensors), Contains("of another shape: image_encoder.pos_embed"));
}

TEST_CASE("the tensors of something else are no SAM") {
  CHECK_THAT(refusal({{"conv1.weight", {64, 3, 7, 7}}, {"fc.bias", {1000}}}),
             Contains("not SAM's: conv1.weight (64, 3, 7, 7)") &&
                 Contains("missing: image_encoder.patch_embed.proj.weight"));
  CHECK_THAT(refusal({}),
             Contains("missing: image_encoder.blocks.0 and those that follow, however many"));
}

TEST_CASE("sizes that no model has are refused before anything is made of them") {
  ModelShape shape = small_sam();
  shape.encoder.grid = 1 << 20;
  shape.encoder.attends_to = {3, 1 << 20};
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("patches of 16 pixels a side"));
  shape = small_sam();
  shape.encoder.head_width = 7;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("no multiple of its heads' width of 7"));
  shape = small_sam();
  shape.encoder.attends_to = {1 << 20, 4};
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("would span 1048576 patches a side"));
  shape = small_sam();
  shape.decoder.width = 24;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("no multiple of 16"));
}

TEST_CASE("a prefix is one of all names, or none") {
  CHECK(common_prefix_of(expected_tensors(small_sam())).empty());
  CHECK(common_prefix_of({}).empty());
  CHECK(common_prefix_of({{"conv1.weight", {4}}}).empty());
  TensorShapes tensors = {{"a.sam.image_encoder.pos_embed", {1}}, {"a.sam.mask_decoder.x", {1}}};
  CHECK(common_prefix_of(tensors) == "a.sam.");
  tensors["a.head"] = {1};
  CHECK(common_prefix_of(tensors).empty());
}
