
#include "sam/stages.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"
#include "support/sam_checkpoint.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

// The stage with a sound checkpoint, on the CPU, with few points and every mask kept.
struct SmallSam {
  explicit SmallSam(std::map<std::string, OptionValue> options = {})
      : file(folder.write("small.pth", sam_checkpoint(small_sam()))) {
    options.try_emplace("checkpoint", file.string());
    options.try_emplace("device", std::string("cpu"));
    options.try_emplace("points_per_side", std::int64_t{2});
    stage.emplace(sam::declare_masks_sam, StageSetup{std::move(options), {"image"}, {"masks"}});
  }

  MaskSet masks(Image const& image) { return stage->run<MaskSet>(voc_sample("a"), image); }

  TempFolder folder;
  std::filesystem::path file;
  std::optional<StageDriver> stage;
};

std::map<std::string, OptionValue> keeping_all() {
  return {{"pred_iou_thresh", -100.0}, {"stability_score_thresh", -1.0}, {"box_nms_thresh", 1.0}};
}

double number_of(StageDriver& stage, std::string const& option) {
  auto const place = find_option(stage.declaration(), option).value();
  return std::get<double>(stage.instance().option(place).value());
}

}  // namespace

TEST_CASE("masks.sam takes an image and outputs masks, with the official defaults") {
  SmallSam sam;
  StageDriver const& stage = *sam.stage;
  CHECK(stage.problems().empty());
  CHECK(stage.declaration().name == "masks.sam");
  CHECK(stage.declaration().inputs.at(0).name == "image");
  CHECK(stage.declaration().outputs.at(0).name == "masks");
  CHECK_FALSE(stage.declaration().serial);
  CHECK(stage.declaration().missing_library.empty());
  CHECK(stage.default_of("pred_iou_thresh") == OptionValue(0.88));
  CHECK(stage.default_of("stability_score_thresh") == OptionValue(0.95));
  CHECK(stage.default_of("crop_overlap_ratio") == OptionValue(512.0 / 1500.0));
  CHECK(stage.default_of("points_per_side") == OptionValue(std::int64_t{32}));
}

TEST_CASE("preset = sepl sets the paper's thresholds unless the pipeline sets them") {
  SmallSam paper({{"preset", std::string("sepl")}});
  CHECK(number_of(*paper.stage, "pred_iou_thresh") == 0.86);
  CHECK(number_of(*paper.stage, "stability_score_thresh") == 0.92);
  SmallSam mixed({{"preset", std::string("sepl")}, {"pred_iou_thresh", 0.5}});
  CHECK(number_of(*mixed.stage, "pred_iou_thresh") == 0.5);
  CHECK(number_of(*mixed.stage, "stability_score_thresh") == 0.92);
}

TEST_CASE("masks of an image of any size have that size, with scores and prompts") {
  Size const size = GENERATE(Size{1, 1}, Size{1, 5000}, Size{40, 30}, Size{200, 300});
  std::int64_t const layers = GENERATE(0, 1);
  INFO(to_string(size) << ", layers " << layers);
  auto options = keeping_all();
  options["crop_n_layers"] = layers;
  SmallSam sam(options);
  MaskSet const masks = sam.masks(picture(size));
  CHECK(masks.size() == size);
  REQUIRE(masks.count() > 0);
  for (std::size_t i = 0; i < masks.count(); ++i) {
    MaskInfo const& info = masks.info(i).value();
    CHECK((info.stability_score >= 0 && info.stability_score <= 1));
    CHECK(
        (info.point[0] >= info.crop_box[0] && info.point[0] < info.crop_box[0] + info.crop_box[2]));
    CHECK(
        (info.point[1] >= info.crop_box[1] && info.point[1] < info.crop_box[1] + info.crop_box[3]));
  }
}

TEST_CASE("an image in which nothing passes the thresholds has no masks, even with crops") {
  std::int64_t const layers = GENERATE(0, 2);
  SmallSam sam({{"pred_iou_thresh", 1000.0}, {"crop_n_layers", layers}});
  MaskSet const masks = sam.masks(picture({50, 60}));
  CHECK(masks.count() == 0);
  CHECK(masks.size() == Size{50, 60});
}

TEST_CASE("the size of point batches does not change the masks") {
  auto all = keeping_all();
  all["points_per_side"] = std::int64_t{5};
  auto few = all;
  few["points_per_batch"] = std::int64_t{3};
  Image const image = picture({50, 60});
  MaskSet const a = SmallSam(all).masks(image), b = SmallSam(few).masks(image);
  REQUIRE(a.count() == b.count());
  for (std::size_t i = 0; i < a.count(); ++i) {
    CHECK(a.info(i)->point == b.info(i)->point);
    CHECK(a.info(i)->predicted_iou == Approx(b.info(i)->predicted_iou).margin(1e-5));
  }
}

TEST_CASE("bfloat16 gives about the same proposals") {
  auto options = keeping_all();
  Image const image = picture({50, 60});
  MaskSet const exact = SmallSam(options).masks(image);
  options["precision"] = std::string("bfloat16");
  MaskSet const rough = SmallSam(options).masks(image);
  REQUIRE(rough.count() > 0);
  double largest = 0;
  for (std::size_t i = 0; i < exact.count(); ++i) {
    largest = std::max(largest, std::abs(exact.info(i)->predicted_iou));
  }
  CHECK(rough.info(0)->predicted_iou == Approx(exact.info(0)->predicted_iou).margin(0.1 * largest));
}

TEST_CASE("a checkpoint of another model, or a truncated one, is refused by the check") {
  TempFolder const folder;
  std::string const whole = sam_checkpoint(small_sam());
  auto const problems = [&](std::string const& bytes) {
    auto const file = folder.write("a.pth", bytes);
    return SmallSam({{"checkpoint", file.string()}}).stage->problems();
  };
  CHECK(problems(whole).empty());
  CHECK_THAT(problems(sam_checkpoint(sam::TensorShapes{{"conv1.weight", {4, 3, 7, 7}}})),
             Contains("checkpoint: ") && Contains("a.pth") && Contains("is not a SAM model") &&
                 Contains("unknown: conv1.weight"));
  CHECK_THAT(problems(whole.substr(0, whole.size() / 2)),
             Contains("checkpoint: ") && Contains("a.pth"));
  CHECK_THAT(problems("GIF89a"), Contains("checkpoint: ") && Contains("a.pth"));
}

TEST_CASE("a checkpoint with integers instead of weights is refused by the check") {
  TempFolder const folder;
  auto const file = folder.write(
      "a.pth", sam_checkpoint(sam::expected_tensors(small_sam()), 1, "image_encoder.pos_embed"));
  CHECK_THAT(
      SmallSam({{"checkpoint", file.string()}}).stage->problems(),
      Contains("checkpoint: ") && Contains("wrong type: image_encoder.pos_embed holds int64"));
}

TEST_CASE("weights that are NaN fail every sample with the name of the tensor") {
  SmallSam sam;
  sam.folder.write("small.pth", sam_checkpoint(sam::expected_tensors(small_sam()), 1, {},
                                               "mask_decoder.iou_token.weight"));
  CHECK_THROWS_WITH(
      sam.masks(picture({20, 30})),
      Contains("small.pth: tensor ") && Contains("holds values that are infinite or NaN"));
}

TEST_CASE("weights that do not have their checksum fail every sample") {
  SmallSam sam;
  std::string bytes = read_text(sam.file);
  // A bit of a float, somewhere in the storage of all tensors.
  std::size_t const place = bytes.find("data/0") + 4096;
  bytes[place] = static_cast<char>(bytes[place] ^ 1);
  sam.folder.write("small.pth", bytes);
  CHECK_THROWS_WITH(sam.masks(picture({20, 30})),
                    Contains("small.pth: the zip's entry 'archive/data/0' is damaged: its bytes do "
                             "not have their checksum; copy or download the file again"));
}

TEST_CASE("a checkpoint may have a prefix before all names") {
  TempFolder const folder;
  auto const prefix = GENERATE(as<std::string>(), "module.", "sam.", "model.module.");
  sam::TensorShapes named;
  for (auto const& [name, shape] : sam::expected_tensors(small_sam())) named[prefix + name] = shape;
  auto const load = [&] {
    auto options = keeping_all();
    options["checkpoint"] = folder.write("a.pth", sam_checkpoint(named)).string();
    return SmallSam(options);
  };
  Image const image = picture({50, 60});
  MaskSet const found = load().masks(image), expected = SmallSam(keeping_all()).masks(image);
  REQUIRE(expected.count() > 0);
  REQUIRE(found.count() == expected.count());
  for (std::size_t i = 0; i < found.count(); ++i) CHECK(found.mask(i) == expected.mask(i));
  named.erase(prefix + "image_encoder.pos_embed");
  CHECK_THAT(load().stage->problems(),
             Contains("(its names without \"" + prefix + "\") is not a SAM model") &&
                 Contains("\n  missing: image_encoder.pos_embed"));
}

TEST_CASE("a checkpoint that is damaged after the check is read once and fails every sample") {
  SmallSam sam;
  std::string const whole = sam_checkpoint(small_sam());
  sam.folder.write("small.pth", whole.substr(0, whole.size() / 2));
  CHECK_THROWS_WITH(sam.masks(picture({5, 6})), Contains("small.pth"));
  sam.folder.write("small.pth", whole);
  CHECK_THROWS_WITH(sam.masks(picture({5, 6})), Contains("small.pth"));
}

TEST_CASE("options that contradict each other are refused") {
  SmallSam none({{"points_per_side", std::int64_t{2}},
                 {"crop_n_layers", std::int64_t{2}},
                 {"crop_n_points_downscale_factor", std::int64_t{2}}});
  CHECK_THAT(none.stage->problems(), Contains("would have no points"));
  SmallSam unknown({{"device", std::string("gpu")}});
  CHECK_THAT(unknown.stage->problems(), Contains("device: there is no device \"gpu\""));
  SmallSam absent({{"device", std::string("cuda:97")}});
  CHECK_THAT(absent.stage->problems(), Contains("device: there is no device \"cuda:97\""));
}
