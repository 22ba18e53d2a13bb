#include <nlohmann/json.hpp>

#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/png.hpp>
#include "masks/stages.hpp"
#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using Json = nlohmann::json;

namespace {

using Counts = std::vector<std::uint32_t>;

// Columns 1 and 2 of rows 1 and 2 of 3 x 4, and a mask that begins with the first pixel.
MaskSet two_masks() {
  MaskInfo const info{.predicted_iou = 0.9912345,
                      .stability_score = 0.96875,
                      .point = {31.25, 2},
                      .crop_box = {0, 0, 4, 3}};
  return MaskSet({{Mask::from_counts({3, 4}, Counts{4, 2, 1, 2, 3}), info},
                  {Mask::from_counts({3, 4}, Counts{0, 1, 11}), std::nullopt}});
}

StageDriver writing_masks(std::string const& format) {
  return StageDriver(output::declare_masks, {{{"format", format}}, {}, {}});
}

std::string text_of(StageDriver const& stage, std::string const& file) {
  auto const& bytes = stage.files().at(file);
  return {bytes.begin(), bytes.end()};
}

void copy_to(TempFolder const& folder, StageDriver const& stage) {
  for (auto const& [name, bytes] : stage.files()) {
    folder.write(name, {reinterpret_cast<char const*>(bytes.data()), bytes.size()});
  }
}

void require_equal(MaskSet const& a, MaskSet const& b) {
  REQUIRE(a.count() == b.count());
  for (std::size_t i = 0; i < a.count(); ++i) {
    CHECK(a.mask(i) == b.mask(i));
    CHECK(a.info(i) == b.info(i));
  }
}

}  // namespace

TEST_CASE("output.masks writes amg.py's records by default") {
  StageDriver stage(output::declare_masks);
  CHECK(stage.declaration().kind == StageKind::sink);
  stage.write(voc_sample("train/1"), two_masks());
  REQUIRE(stage.files().size() == 1);
  Json const records = Json::parse(text_of(stage, "train/1.json"));
  CHECK(records == Json::parse(R"([
    {"segmentation": {"size": [3, 4], "counts": "42102"}, "area": 4, "bbox": [1, 1, 1, 1],
     "predicted_iou": 0.9912345, "point_coords": [[31.25, 2.0]],
     "stability_score": 0.96875, "crop_box": [0, 0, 4, 3]},
    {"segmentation": {"size": [3, 4], "counts": "01;"}, "area": 1, "bbox": [0, 0, 0, 0]}])"));
  CHECK(records[0]["bbox"][0].is_number_integer());
  CHECK(records[0]["crop_box"][3].is_number_integer());
}

TEST_CASE("masks.json and masks.png read what output.masks writes") {
  MaskSet const masks = two_masks();
  TempFolder const folder;
  StageDriver json = writing_masks("json"), png = writing_masks("png");
  json.write(voc_sample("a"), masks);
  png.write(voc_sample("a"), masks);
  copy_to(folder, json);
  copy_to(folder, png);
  std::map<std::string, OptionValue> const dir = {{"dir", folder.path().string()}};
  require_equal(StageDriver(masks::declare_json, {dir, {}, {}}).run<MaskSet>(voc_sample("a")),
                masks);
  require_equal(StageDriver(masks::declare_png, {dir, {}, {}}).run<MaskSet>(voc_sample("a")),
                masks);
}

TEST_CASE("the box of a mask without pixels is the corner of its crop, as in amg.py") {
  MaskSet const masks(
      {{Mask::from_counts({30, 40}, Counts{1200}), MaskInfo{.crop_box = {14, 5, 20, 20}}}});
  StageDriver json = writing_masks("json"), png = writing_masks("png");
  json.write(voc_sample("a"), masks);
  png.write(voc_sample("a"), masks);
  CHECK(Json::parse(text_of(json, "a.json")).at(0).at("bbox") == Json({14, 5, 0, 0}));
  CHECK_THAT(text_of(png, "a/metadata.csv"), Contains("\n0,0,14,5,0,0,"));
}

TEST_CASE("the PNG form has amg.py's files and table") {
  StageDriver stage = writing_masks("png");
  stage.write(voc_sample("a"), two_masks());
  REQUIRE(stage.files().size() == 3);
  CHECK(decode_mask_png(stage.files().at("a/0.png"), "0.png") == two_masks().mask(0));
  CHECK(text_of(stage, "a/metadata.csv") ==
        "id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,predicted_iou,"
        "stability_score,crop_box_x0,crop_box_y0,crop_box_w,crop_box_h\n"
        "0,4,1,1,1,1,31.25,2.0,0.9912345,0.96875,0,0,4,3");
}

TEST_CASE("the PNG form's table has floats as Python writes them") {
  MaskInfo info;
  info.predicted_iou = 1;
  info.stability_score = 0;
  info.point = {-3, 1e-7};
  info.crop_box = {0, 0, 4, 3};
  StageDriver stage = writing_masks("png");
  stage.write(voc_sample("a"), MaskSet({{Mask(Size{3, 4}), info}}, Size{3, 4}));
  CHECK_THAT(text_of(stage, "a/metadata.csv"),
             EndsWith("\n0,0,0,0,0,0,-3.0,1e-07,1.0,0.0,0,0,4,3"));
}

TEST_CASE("an empty mask set is written without masks") {
  MaskSet const none({}, Size{3, 4});
  StageDriver json = writing_masks("json"), png = writing_masks("png");
  json.write(voc_sample("a"), none);
  png.write(voc_sample("a"), none);
  CHECK(Json::parse(text_of(json, "a.json")) == Json::array());
  TempFolder const folder;
  copy_to(folder, png);
  std::map<std::string, OptionValue> const dir = {{"dir", folder.path().string()}};
  CHECK(StageDriver(masks::declare_png, {dir, {}, {}}).run<MaskSet>(voc_sample("a")).count() == 0);
}
