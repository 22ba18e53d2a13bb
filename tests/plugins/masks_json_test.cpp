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
