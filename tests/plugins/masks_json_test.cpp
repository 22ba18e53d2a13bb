#include <string>
#include <vector>

#include <seplflow/formats/coco_rle.hpp>
#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Counts = std::vector<std::uint32_t>;

StageDriver reading(TempFolder const& folder, std::map<std::string, OptionValue> options = {}) {
  options["dir"] = folder.path().string();
  return StageDriver(masks::declare_json, {std::move(options), {}, {}});
}

MaskSet read(TempFolder const& folder, std::optional<Size> size = std::nullopt) {
  return reading(folder).run<MaskSet>(voc_sample("a", size));
}

// A list of one record with these counts (as JSON) of a picture of 2x3.
std::string record_of(std::string const& counts, std::string const& size = "[2, 3]") {
  return R"({"segmentation": {"size": )" + size + R"(, "counts": )" + counts + "}}";
}

// What is said when a.json is this text.
std::string refusal(std::string const& json, std::optional<Size> size = std::nullopt) {
  TempFolder const folder;
  folder.write("a.json", json);
  try {
    read(folder, size);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

std::string const kAmg = R"([{"segmentation": {"size": [2, 3], "counts": "132"}, "area": 3,
  "bbox": [0, 0, 2, 2], "predicted_iou": 0.75, "point_coords": [[1.5, 2]],
  "stability_score": 0.9, "crop_box": [0, 0, 3, 2]}])";

}  // namespace

TEST_CASE("masks.json takes a sample and outputs masks, and drops none by default") {
  StageDriver const stage(masks::declare_json, {{{"dir", std::string("/")}}});
  CHECK(stage.declaration().name == "masks.json");
  CHECK(stage.declaration().inputs.at(0).name == "sample");
  CHECK(stage.declaration().outputs.at(0).name == "masks");
  CHECK(stage.default_of("min_area") == OptionValue(std::int64_t{0}));
  CHECK(stage.default_of("on_missing") == OptionValue(std::string("error")));
}

TEST_CASE("amg.py's records are the masks of their sample") {
  TempFolder const folder;
  folder.write("train/0001.json", kAmg);
  MaskSet const set = reading(folder).run<MaskSet>(voc_sample("train/0001", Size{2, 3}));
  REQUIRE(set.count() == 1);
  CHECK(set.mask(0) == Mask::from_counts({2, 3}, Counts{1, 3, 2}));
  CHECK(set.info(0) == MaskInfo{0.75, 0.9, {1.5, 2}, {0, 0, 3, 2}});
}

TEST_CASE("SA-1B's files, plain counts and polygons are read too") {
  TempFolder const folder;
  folder.write("a.json", R"({"image": {"height": 2, "width": 3}, "annotations": [)" +
                             record_of("[1, 3, 2]") +
                             R"(, {"segmentation": [[0, 0, 3, 0, 3, 2, 0, 2]]}]})");
  MaskSet const set = read(folder);
  REQUIRE(set.count() == 2);
  CHECK(set.mask(0) == Mask::from_counts({2, 3}, Counts{1, 3, 2}));
  CHECK(set.mask(1).area() == 6);
}

TEST_CASE("an empty list is an empty set of the sample's size") {
  TempFolder const folder;
  folder.write("a.json", "[]");
  CHECK(read(folder, Size{2, 3}).count() == 0);
  CHECK(read(folder, Size{2, 3}).size() == Size{2, 3});
}

TEST_CASE("a missing mask file is an error that names the file and the way out") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read(folder),
                    Contains("there is no mask file " + (folder / "a.json").string()) &&
                        Contains("on_missing = \"empty\""));
}

TEST_CASE("a missing mask file is an empty set if asked for, with or without a known size") {
  TempFolder const folder;
  StageDriver stage = reading(folder, {{"on_missing", std::string("empty")}});
  CHECK(stage.run<MaskSet>(voc_sample("a", Size{2, 3})).size() == Size{2, 3});
  CHECK(stage.run<MaskSet>(voc_sample("a")).count() == 0);
}

TEST_CASE("masks of fewer than min_area pixels are dropped, masks of exactly as many are not") {
  TempFolder const folder;
  folder.write("a.json", "[" + record_of("[4, 2]") + "," + record_of("[6]") + "," +
                             record_of("[3, 3]") + "]");
  auto const areas = [&](std::int64_t min_area) {
    std::vector<std::uint64_t> found;
    auto const set = reading(folder, {{"min_area", min_area}}).run<MaskSet>(voc_sample("a"));
    for (std::size_t i = 0; i < set.count(); ++i) found.push_back(set.mask(i).area());
    return found;
  };
  CHECK(areas(0) == std::vector<std::uint64_t>{2, 0, 3});
  CHECK(areas(2) == std::vector<std::uint64_t>{2, 3});
  CHECK(areas(3) == std::vector<std::uint64_t>{3});
  CHECK(areas(4).empty());
}

TEST_CASE("masks of another size than the sample's image are refused with both sizes") {
  CHECK_THAT(refusal(kAmg, Size{3, 2}), Contains("record 0 is 2x3 but the image is 3x2"));
  CHECK_THAT(refusal(kAmg, Size{4, 6}), Contains("set resize = \"nearest\" if"));
}

TEST_CASE("a mask file that is truncated or empty is refused with its name") {
  CHECK_THAT(refusal(kAmg.substr(0, kAmg.size() / 2)), Contains("a.json") && Contains("truncated"));
  CHECK_THAT(refusal(kAmg.substr(0, kAmg.size() - 1)), Contains("a.json") && Contains("truncated"));
  CHECK_THAT(refusal(""), Contains("a.json is empty (0 bytes)"));
}

TEST_CASE("runs that do not add up to the image are refused with their record") {
  CHECK_THAT(refusal("[" + record_of("[1, 3, 2]") + "," + record_of("[1, 3, 1]") + "]"),
             Contains("a.json, record 1: the runs of a mask add up to 5") && Contains("2x3"));
  CHECK_THAT(refusal("[" + record_of("[1, 3, 3]") + "]"), Contains("add up to 7"));
  std::string const larger = encode_coco_rle(Mask::from_counts({3, 3}, Counts{1, 3, 5}));
  CHECK_THAT(refusal("[" + record_of("\"" + larger + "\"") + "]"),
             Contains("a.json, record 0") && Contains("more than the 6 pixels of 2x3"));
}

TEST_CASE("negative and overflowing counts are refused with their record") {
  CHECK_THAT(refusal("[" + record_of("[7, -1]") + "]"),
             Contains("a.json, record 0: expected segmentation.counts[1] to be a run length"));
  CHECK_THAT(refusal("[" + record_of("[4294967297, 5]") + "]"),
             Contains("record 0") && Contains("counts[0]"));
  CHECK_THAT(refusal("[" + record_of("[99999999999999999999999]") + "]"),
             Contains("record 0") && Contains("counts[0]"));
  CHECK_THAT(refusal("[" + record_of("[268435456, 268435456]") + "]"),
             Contains("add up to 536870912"));
  // Compressed: 'O' is -1, and seven characters of continuation are no run.
  CHECK_THAT(refusal("[" + record_of("\"3O\"") + "]"),
             Contains("record 0") && Contains("negative length -1"));
  CHECK_THAT(refusal("[" + record_of("\"oooooooo1\"") + "]"),
             Contains("record 0") && Contains("number too large"));
}

TEST_CASE("a mask that claims 100000x100000 pixels is refused before memory is allocated") {
  CHECK_THAT(refusal("[" + record_of("[10000000000]", "[100000, 100000]") + "]"),
             Contains("a.json, record 0"));
  CHECK_THAT(refusal("[" + record_of("\"1\"", "[100000, 100000]") + "]"),
             Contains("has the size 100000x100000"));
}

TEST_CASE("a folder in place of a mask file is refused") {
  TempFolder const folder;
  folder.write("a.json/x", "");
  CHECK_THROWS_WITH(read(folder), Contains("a.json is a folder, not a file"));
}

TEST_CASE("a pattern names the file of a sample, also compressed or in a folder of its own") {
  TempFolder const folder;
  folder.write("a_masks.json", "[" + record_of("[4, 2]") + "]");
  folder.write("a/m.json", "[" + record_of("[3, 3]") + "]");
  auto const area = [&](std::string const& pattern) {
    return reading(folder, {{"pattern", pattern}}).run<MaskSet>(voc_sample("a")).mask(0).area();
  };
  CHECK(area("{id}_masks.json") == 2);
  CHECK(area("{id}/m.json") == 3);
  CHECK_THAT(reading(folder, {{"pattern", std::string("masks.json")}}).problems(),
             Contains("pattern: ") && Contains("has no {id}"));
  CHECK_THAT(reading(folder, {{"pattern", std::string("../{id}.json")}}).problems(),
             Contains("leaves its folder"));
}

TEST_CASE("without NAME.json the compressed NAME.json.gz is read, and named by files()") {
  TempFolder const folder;
  // gzip's output for "[]".
  std::string const gz("\x1f\x8b\x08\0\0\0\0\0\0\x03\x8b\x8e\x05\0\x29\xbb\x4c\x0d\x02\0\0\0", 22);
  folder.write("a.json.gz", gz);
  StageDriver stage = reading(folder);
  CHECK(stage.run<MaskSet>(voc_sample("a")).count() == 0);
  auto const files = stage.instance().files(0, voc_sample("a"));
  REQUIRE(files.size() == 2);
  CHECK(files[0] == folder / "a.json");
  CHECK(files[1] == folder / "a.json.gz");
}

TEST_CASE("one file for all samples takes the place of a folder") {
  TempFolder const folder;
  auto const file = folder.write(
      "all.json", R"([{"image_id": "a", "segmentation": {"size": [2, 3], "counts": [4, 2]}},
                      {"image_id": 7, "segmentation": {"size": [2, 3], "counts": [3, 3]}}])");
  auto const reading_all = [&](std::map<std::string, OptionValue> options) {
    options["file"] = file.string();
    return StageDriver(masks::declare_json, {std::move(options), {}, {}});
  };
  StageDriver stage = reading_all({});
  CHECK(stage.problems().empty());
  CHECK(stage.run<MaskSet>(voc_sample("a")).mask(0).area() == 2);
  CHECK(stage.warned().empty());
  CHECK(stage.run<MaskSet>(voc_sample("frame_007")).mask(0).area() == 3);
  CHECK_THAT(stage.warned().at(0).what, Contains("only their numbers in common"));
  CHECK_THROWS_WITH(stage.run<MaskSet>(voc_sample("b")),
                    Contains("has no masks of this sample, but of 2 images such as \"a\""));
  CHECK(stage.instance().files(0, voc_sample("b")) == std::vector<std::filesystem::path>{file});
  CHECK_THROWS_WITH(reading_all({{"strict", true}}).run<MaskSet>(voc_sample("frame_007")),
                    Contains("strict = true does not accept"));
  CHECK(reading_all({{"on_missing", std::string("empty")}}).run<MaskSet>(voc_sample("b")).count() ==
        0);
  CHECK_THAT(reading_all({{"dir", folder.path().string()}}).problems(),
             Contains("file: ") && Contains("but not both"));
  CHECK_THAT(StageDriver(masks::declare_json).problems(), Contains("set `dir`"));
}

TEST_CASE("masks of another size are resized by the nearest pixel if asked for") {
  TempFolder const folder;
  folder.write("a.json", kAmg);
  std::map<std::string, OptionValue> const nearest{{"resize", std::string("nearest")}};
  auto const set = reading(folder, nearest).run<MaskSet>(voc_sample("a", Size{4, 9}));
  CHECK(set.size() == Size{4, 9});
  CHECK(set.mask(0).area() == 18);
  CHECK(set.info(0).has_value());
  CHECK_THROWS_WITH(reading(folder, nearest).run<MaskSet>(voc_sample("a")),
                    Contains("resize needs the size of the image"));
  CHECK_THROWS_WITH(reading(folder, nearest).run<MaskSet>(voc_sample("a", Size{3, 2})),
                    Contains("the masks are transposed"));
  // min_area counts pixels of the image.
  auto options = nearest;
  options["min_area"] = std::int64_t{18};
  CHECK(reading(folder, options).run<MaskSet>(voc_sample("a", Size{4, 9})).count() == 1);
  options["min_area"] = std::int64_t{19};
  CHECK(reading(folder, options).run<MaskSet>(voc_sample("a", Size{4, 9})).count() == 0);
}
