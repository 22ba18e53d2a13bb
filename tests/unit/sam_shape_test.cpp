#include <catch2/catch.hpp>

#include "core/shape.hpp"
#include "data/error.hpp"
#include "support/sam_checkpoint.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
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
  tensors["image_encoder.blocks.0.attn.rel_pos_w"] = {9, 8};
  tensors["adapter.weight"] = {2, 2};
  std::string const message = refusal(tensors, {{"prompt_encoder.no_mask_embed.weight", "int64"}});
  CHECK_THAT(message, Contains("a.pth does not hold a SAM model"));
  CHECK_THAT(message, Contains("\n  missing: image_encoder.pos_embed"));
  CHECK_THAT(message, Contains("\n  missing: mask_decoder.iou_token.weight"));
  CHECK_THAT(message, Contains("\n  of another shape: image_encoder.blocks.1.mlp.lin2.weight is "
                               "(16, 31), the rest of the model needs (16, 32)"));
  CHECK_THAT(message, Contains("image_encoder.blocks.0.attn.rel_pos_w is (9, 8), the rest of the "
                               "model needs (5, 8)"));
  CHECK_THAT(message, Contains("\n  not SAM's: adapter.weight (2, 2)"));
  CHECK_THAT(message, Contains("\n  of another type: prompt_encoder.no_mask_embed.weight is of "
                               "int64, the model needs floating-point numbers"));
  std::string const expected = std::to_string(expected_tensors(small_sam()).size());
  CHECK_THAT(message,
             Contains("\nIn short: 2 of " + expected +
                      " tensors missing, 2 of another shape, 1 of another type, 1 not SAM's; "
                      "expected a checkpoint of Segment Anything") &&
                 EndsWith("or one that was trained from them"));
}

TEST_CASE("the tensors of something else are no SAM") {
  CHECK_THAT(refusal({{"conv1.weight", {64, 3, 7, 7}}, {"fc.bias", {1000}}}),
             Contains("not SAM's: conv1.weight (64, 3, 7, 7)") &&
                 Contains("missing: image_encoder.patch_embed.proj.weight"));
  CHECK_THAT(refusal({}), Contains("missing: "));
}

TEST_CASE("sizes that no model has are refused before anything is made of them") {
  ModelShape shape = small_sam();
  shape.encoder.grid = 1 << 20;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("patches of 16 pixels a side"));
  shape = small_sam();
  shape.encoder.head_width = 7;
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("no multiple of its heads' width of 7"));
  shape = small_sam();
  shape.encoder.attends_to = {3, 9};
  CHECK_THAT(refusal(expected_tensors(shape)), Contains("do not fit its 4 patches a side"));
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
