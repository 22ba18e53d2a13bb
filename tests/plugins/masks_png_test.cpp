#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <seplflow/formats/coco_rle.hpp>
#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Areas = std::vector<std::uint64_t>;

constexpr char const* kHeader =
    "id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,predicted_iou,"
    "stability_score,crop_box_x0,crop_box_y0,crop_box_w,crop_box_h\n";

StageDriver reading_png(TempFolder const& folder, std::map<std::string, OptionValue> options = {}) {
  options["dir"] = folder.path().string();
  return StageDriver(masks::declare_png, {std::move(options), {}, {}});
}

MaskSet read_png(TempFolder const& folder, std::optional<Size> size = std::nullopt) {
  return reading_png(folder).run<MaskSet>(voc_sample("a", size));
}

Areas areas_of(MaskSet const& set) {
  Areas areas;
  for (std::size_t i = 0; i < set.count(); ++i) areas.push_back(set.mask(i).area());
  return areas;
}

// A mask of 2x3 whose first pixels are inside.
std::string mask_png(std::size_t area, Size size = {2, 3}) {
  Bytes pixels(size.pixels());
  std::fill_n(pixels.begin(), area, 255);
  return as_text(make_png(size, {}, pixels));
}

// What is said when the folder of a sample holds this as 1.png, after a sound 0.png of 2x3.
std::string png_refusal(std::string const& file, std::optional<Size> size = std::nullopt) {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/1.png", file);
  try {
    read_png(folder, size);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

std::string metadata_refusal(std::string const& csv) {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/metadata.csv", csv);
  try {
    read_png(folder);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("masks.png takes a sample and outputs masks, and drops none by default") {
  StageDriver const stage(masks::declare_png, {{{"dir", std::string("/")}}});
  CHECK(stage.declaration().name == "masks.png");
  CHECK(stage.declaration().inputs.at(0).name == "sample");
  CHECK(stage.declaration().outputs.at(0).name == "masks");
  CHECK(stage.default_of("min_area") == OptionValue(std::int64_t{0}));
  CHECK(stage.default_of("on_missing") == OptionValue(std::string("error")));
}

TEST_CASE("masks are ordered by number, not by name") {
  TempFolder const folder;
  folder.write("a/10.png", mask_png(5));
  folder.write("a/9.png", mask_png(4));
  folder.write("a/0.png", mask_png(1));
  folder.write("a/100.png", mask_png(6));
  CHECK(areas_of(read_png(folder)) == Areas{1, 4, 5, 6});
}

TEST_CASE("with inside = 255 only pixels of 255 are inside the mask") {
  TempFolder const folder;
  folder.write("a/0.png", as_text(make_png({2, 3}, {}, {255, 254, 0, 0, 255, 1})));
  MaskSet const set =
      reading_png(folder, {{"inside", std::int64_t{255}}}).run<MaskSet>(voc_sample("a", Size{2, 3}));
  REQUIRE(set.count() == 1);
  Canvas canvas({2, 3});
  canvas.paint(set.mask(0), 1);
  CHECK(canvas.labels() == LabelMap({2, 3}, {1, 0, 0, 0, 1, 0}));
}

TEST_CASE("metadata.csv has the scores of each mask by number") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/1.png", mask_png(2));
  folder.write("a/2.png", mask_png(3));
  folder.write("a/metadata.csv", std::string(kHeader) +
                                     "2,3,0,0,3,1,27.5,207.0,0.903166,0.923278,0,1,500,281\n"
                                     "0,1,0,0,1,1,1.0,2.0,0.5,0.25,0,0,3,2\n");
  MaskSet const set = read_png(folder);
  REQUIRE(set.count() == 3);
  CHECK(set.info(0) == MaskInfo{0.5, 0.25, {1, 2}, {0, 0, 3, 2}});
  CHECK_FALSE(set.info(1));
  CHECK(set.info(2) == MaskInfo{0.903166, 0.923278, {27.5, 207}, {0, 1, 500, 281}});
}

TEST_CASE("metadata.csv may have its columns in another order, CRLF and blank lines") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/metadata.csv",
               "stability_score,predicted_iou,id,extra,point_input_x,point_input_y,crop_box_x0,"
               "crop_box_y0,crop_box_w,crop_box_h\r\n\r\n0.25,0.5,0,x,1,2,0,0,3,2");
  CHECK(read_png(folder).info(0) == MaskInfo{0.5, 0.25, {1, 2}, {0, 0, 3, 2}});
}

TEST_CASE("masks that contradict the area or the box of metadata.csv are warned of") {
  auto const warned = [](std::string const& claims) {
    TempFolder const folder;
    Bytes pixels(40 * 60);
    std::fill_n(pixels.begin(), 10 * 60, 255);
    folder.write("a/0.png", as_text(make_png({40, 60}, {}, pixels)));
    folder.write("a/metadata.csv",
                 std::string(kHeader) + "0," + claims + ",1.0,2.0,0.5,0.25,0,0,60,40\n");
    StageDriver stage = reading_png(folder);
    stage.run<MaskSet>(voc_sample("a"));
    return stage.warned().size();
  };
  CHECK(warned("600,0,0,59,9") == 0);
  CHECK(warned("many,0,0,59,9") == 0);
  CHECK(warned("60,0,0,59,9") == 1);
  CHECK(warned("600,0,0,9,59") == 1);
}

TEST_CASE("masks without metadata.csv have no scores") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  CHECK_FALSE(read_png(folder).info(0));
}

TEST_CASE("a metadata.csv with a missing column or an invalid number is refused") {
  CHECK_THAT(metadata_refusal("id,area\n0,1\n"),
             Contains("metadata.csv:1: the column \"point_input_x\" is missing"));
  CHECK_THAT(metadata_refusal(kHeader + std::string("0,1,0,0,1,1,1,2,high,0.2,0,0,3,2\n")),
             Contains("metadata.csv:2: \"high\" in column \"predicted_iou\" is not a number"));
  CHECK_THAT(metadata_refusal(kHeader + std::string("0,1,0,0\n")),
             Contains("metadata.csv:2: \"\" in column \"point_input_x\""));
  CHECK_THAT(metadata_refusal(kHeader + std::string("0.5,1,0,0,1,1,1,2,0.5,0.2,0,0,3,2\n")),
             Contains("metadata.csv:2: the id is not a mask number"));
  CHECK_THAT(metadata_refusal(kHeader + std::string("0,1,0,0,1,1,1,2,nan,0.2,0,0,3,2\n")),
             Contains("metadata.csv:2") && Contains("is not a number"));
}

TEST_CASE("masks of fewer than min_area pixels are dropped, and the others keep their metadata") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/1.png", mask_png(2));
  folder.write("a/2.png", mask_png(3));
  folder.write("a/metadata.csv", std::string(kHeader) + "1,2,0,0,2,1,1,2,0.5,0.25,0,0,3,2\n");
  MaskSet const set =
      reading_png(folder, {{"min_area", std::int64_t{2}}}).run<MaskSet>(voc_sample("a"));
  CHECK(areas_of(set) == Areas{2, 3});
  CHECK(set.info(0).has_value());
  CHECK_FALSE(set.info(1));
}

TEST_CASE("an empty mask is kept if min_area is 0") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(0));
  CHECK(areas_of(read_png(folder)) == Areas{0});
}

TEST_CASE("a missing mask folder is an error that names the folder and the way out") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read_png(folder), Contains("there is no mask folder " + (folder / "a").string()) &&
                                      Contains("on_missing = \"empty\""));
}

TEST_CASE("a missing mask folder is an empty set if asked for") {
  TempFolder const folder;
  StageDriver stage = reading_png(folder, {{"on_missing", std::string("empty")}});
  CHECK(stage.run<MaskSet>(voc_sample("a", Size{2, 3})).size() == Size{2, 3});
  CHECK(stage.run<MaskSet>(voc_sample("a")).count() == 0);
}

TEST_CASE("a mask folder without masks is an empty set") {
  TempFolder const folder;
  folder.write("a/metadata.csv", kHeader);
  CHECK(read_png(folder, Size{2, 3}).count() == 0);
}

TEST_CASE("a mask of another size than the first is refused with both files and sizes") {
  CHECK_THAT(png_refusal(mask_png(1, {3, 2})),
             Contains("1.png is 3x2 but") && Contains("0.png is 2x3"));
}

TEST_CASE("a mask of another size than the sample's image is refused with both sizes") {
  CHECK_THAT(png_refusal(mask_png(1), Size{3, 2}),
             Contains("0.png is 2x3 but the sample's image is 3x2"));
}

TEST_CASE("a file that is not a mask is refused with its format") {
  std::string const cut = mask_png(3).substr(0, 50);
  CHECK_THAT(png_refusal(cut), Contains("1.png is truncated"));
  CHECK_THAT(png_refusal(""), Contains("1.png is empty (0 bytes)"));
  CHECK_THAT(png_refusal("GIF89a"), Contains("1.png is a GIF image, not a mask"));
  CHECK_THAT(png_refusal(as_text(make_png({2, 3}, {}, {0, 1, 2, 0, 0, 0}))),
             Contains("1.png holds more than two values, from 0 to 2"));
}

TEST_CASE("a mask that claims 100000x100000 pixels is refused by its header") {
  Bytes const file = claiming_png();
  CHECK_THAT(png_refusal(as_text(file)), Contains("1.png has the size 100000x100000"));
}

TEST_CASE("a PNG that is not named by a number is refused rather than skipped") {
  TempFolder const folder;
  auto const name = GENERATE(as<std::string>(), "x.png", "1a.png", "-1.png", "1.0.png", "0x1.png");
  folder.write("a/" + name, mask_png(1));
  CHECK_THROWS_WITH(read_png(folder), Contains(name + " is not named by a number"));
}

TEST_CASE("masks.png and masks.json read the same masks from the same set") {
  std::mt19937 random(101);
  for (int round = 0; round < 20; ++round) {
    TempFolder const folder;
    Size const size{1 + static_cast<std::uint32_t>(random() % 30),
                    1 + static_cast<std::uint32_t>(random() % 30)};
    std::string json, csv = kHeader;
    std::size_t const count = 1 + random() % 15;
    for (std::size_t i = 0; i < count; ++i) {
      Bytes pixels(size.pixels());
      for (std::size_t p = 0; p < pixels.size(); ++p) {
        pixels[p] = p > 0 && random() % 5 != 0 ? pixels[p - 1] : random() % 2 == 0 ? 255 : 0;
      }
      folder.write("a/" + std::to_string(i) + ".png", as_text(make_png(size, {}, pixels)));
      Mask const mask = mask_of(LabelMap(size, pixels).runs(), 255);
      std::string counts;
      for (char const c : encode_coco_rle(mask)) counts += c == '\\' ? "\\\\" : std::string(1, c);
      std::string const score = "0." + std::to_string(100 + random() % 900);
      json += std::string(i == 0 ? "[" : ",") + R"({"segmentation": {"size": [)" +
              std::to_string(size.height) + "," + std::to_string(size.width) + R"(], "counts": ")" +
              counts + R"("}, "predicted_iou": )" + score +
              R"(, "stability_score": 0.5, "point_coords": [[3.5, 4]], "crop_box": [0, 1, 2, 3]})";
      csv += std::to_string(i) + ",0,0,0,0,0,3.5,4," + score + ",0.5,0,1,2,3\n";
    }
    folder.write("a/metadata.csv", csv);
    folder.write("a.json", json + "]");
    MaskSet const from_png = read_png(folder, size);
    StageDriver reader(masks::declare_json, {{{"dir", folder.path().string()}}, {}, {}});
    auto const from_json = reader.run<MaskSet>(voc_sample("a", size));
    REQUIRE(from_png.count() == count);
    REQUIRE(from_json.count() == count);
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(from_png.mask(i) == from_json.mask(i));
      REQUIRE(from_png.info(i).has_value());
      REQUIRE(from_png.info(i) == from_json.info(i));
    }
  }
}

TEST_CASE("the masks of all samples are named alike") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("b/mask_0.png", mask_png(1));
  folder.write("c/c_0.png", mask_png(1));
  StageDriver stage = reading_png(folder);
  CHECK(stage.run<MaskSet>(voc_sample("a")).count() == 1);
  CHECK(stage.run<MaskSet>(voc_sample("c")).count() == 1);
  CHECK_THROWS_WITH(stage.run<MaskSet>(voc_sample("b")),
                    Contains("b/mask_0.png has another kind of name than") &&
                        Contains("a/0.png; masks of all samples must be named alike"));
}

TEST_CASE("masks may have a prefix, the same for all of a folder") {
  for (std::string const prefix : {"mask_", "a_", "a_mask_", "mask-", "m"}) {
    CAPTURE(prefix);
    TempFolder const folder;
    folder.write("a/" + prefix + "10.png", mask_png(2));
    folder.write("a/" + prefix + "9.png", mask_png(1));
    CHECK(areas_of(read_png(folder)) == Areas{1, 2});
    CHECK_THROWS_WITH(reading_png(folder, {{"strict", true}}).run<MaskSet>(voc_sample("a")),
                      Contains("is not named by a number"));
    folder.write("a/11.png", mask_png(1));
    CHECK_THROWS_WITH(read_png(folder), Contains("have different prefixes"));
  }
}

TEST_CASE("what operating systems leave in a folder of masks is ignored") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  for (char const* const name : {"._0.png", ".DS_Store", "Thumbs.db", "desktop.ini"}) {
    folder.write(std::string("a/") + name, "x");
  }
  folder.write("a/__MACOSX/._0.png", "x");
  StageDriver stage = reading_png(folder);
  CHECK(areas_of(stage.run<MaskSet>(voc_sample("a"))) == Areas{1});
  CHECK(stage.warned().empty());
}

TEST_CASE("a folder without masks but with other pictures or folders is an error that names them") {
  auto const message = [](std::string const& file, std::string const& on_missing) {
    TempFolder const folder;
    folder.write("a/" + file, "x");
    try {
      reading_png(folder, {{"on_missing", on_missing}}).run<MaskSet>(voc_sample("a"));
    } catch (Error const& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  for (std::string const on_missing : {"error", "empty"}) {
    CHECK_THAT(message("masks/0.png", on_missing), Contains("but the folder masks") &&
                                                       Contains("pattern = \"{id}/masks\"") &&
                                                       !Contains("on_missing"));
    CHECK_THAT(message("0.bmp", on_missing), Contains("but the picture 0.bmp"));
    CHECK_THAT(message("image.jpg", on_missing), Contains("but the picture image.jpg"));
    CHECK_THAT(message("0.jpg", on_missing), Contains("0.jpg is not a mask"));
  }
  CHECK_THAT(message("notes.txt", "error"), Contains("is it the right folder?"));
  CHECK(message("notes.txt", "empty") == "accepted");
}

TEST_CASE("pictures and folders beside masks are not read, with a warning") {
  TempFolder const folder;
  folder.write("a/0.png", mask_png(1));
  folder.write("a/1.jpg", "x");
  StageDriver stage = reading_png(folder);
  CHECK(areas_of(stage.run<MaskSet>(voc_sample("a"))) == Areas{1});
  REQUIRE(stage.warned().size() == 1);
}

TEST_CASE("values other than two give a warning with their number") {
  TempFolder const folder;
  folder.write("a/0.png", as_text(make_png({2, 3}, {}, {255, 254, 0, 0, 255, 1})));
  StageDriver stage = reading_png(folder);
  CHECK(areas_of(stage.run<MaskSet>(voc_sample("a"))) == Areas{3});
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("values other than two"));
  CHECK(warned[0].detail == "0.png: 2 pixels are neither black nor white");
}

TEST_CASE("a picture of instance numbers is read as masks") {
  TempFolder const folder;
  folder.write("a.png", as_text(make_png({2, 3}, {}, {0, 9, 9, 2, 2, 2})));
  std::map<std::string, OptionValue> options{{"layout", std::string("instances")}};
  CHECK(areas_of(reading_png(folder, options).run<MaskSet>(voc_sample("a"))) == Areas{3, 2});
  CHECK_THROWS_WITH(reading_png(folder, options).run<MaskSet>(voc_sample("a", Size{3, 2})),
                    Contains("a.png is 2x3 but the sample's image is 3x2"));
  CHECK_THROWS_WITH(reading_png(folder, options).run<MaskSet>(voc_sample("b")),
                    Contains("there is no picture of instances"));
  options["inside"] = std::int64_t{255};
  CHECK_THAT(reading_png(folder, options).problems(), Contains("not for layout = \"instances\""));
}
