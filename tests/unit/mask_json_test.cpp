#include <seplflow/formats/mask_json.hpp>

#include <string>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include "formats/json/coco_polygon.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

MaskSet parse(std::string_view json, std::optional<Size> image_size = std::nullopt,
              std::uint64_t min_area = 0) {
  return parse_mask_json({reinterpret_cast<std::uint8_t const*>(json.data()), json.size()},
                         "a.json", image_size, min_area);
}

// A list of one record with this segmentation.
MaskSet parse_segmentation(std::string const& segmentation) {
  return parse(R"([{"segmentation": )" + segmentation + "}]");
}

Mask mask_of(Size size, std::vector<std::uint32_t> const& counts) {
  return Mask::from_counts(size, counts);
}

constexpr std::string_view kAmgRecord = R"({"segmentation": {"size": [2, 3], "counts": "132"},
  "area": 3, "bbox": [0, 0, 2, 2], "predicted_iou": 0.75, "point_coords": [[1.5, 2]],
  "stability_score": 0.9, "crop_box": [0, 0, 3, 2]})";

}  // namespace

TEST_CASE("records of amg.py become masks with their scores") {
  MaskSet const set = parse("[" + std::string(kAmgRecord) + "]");
  REQUIRE(set.count() == 1);
  CHECK(set.size() == Size{2, 3});
  CHECK(set.mask(0) == mask_of({2, 3}, {1, 3, 2}));
  CHECK(set.info(0) == MaskInfo{0.75, 0.9, {1.5, 2}, {0, 0, 3, 2}});
}

TEST_CASE("files of SA-1B become masks, wherever the header is") {
  std::string const header = R"("image": {"image_id": 7, "width": 3, "height": 2})";
  std::string const records = R"("annotations": [)" + std::string(kAmgRecord) + "]";
  for (std::string const& json :
       {"{" + header + "," + records + "}", "{" + records + "," + header + "}"}) {
    MaskSet const set = parse(json);
    REQUIRE(set.count() == 1);
    CHECK(set.mask(0) == mask_of({2, 3}, {1, 3, 2}));
    CHECK(set.info(0).has_value());
  }
}

TEST_CASE("counts may be a list of run lengths") {
  CHECK(parse_segmentation(R"({"counts": [1, 3, 2], "size": [2, 3]})").mask(0) ==
        mask_of({2, 3}, {1, 3, 2}));
}

TEST_CASE("counts may hold escaped characters") {
  // A backslash is a digit of COCO's alphabet: 44, which begins the number 12 + 32 * 1.
  CHECK(parse_segmentation(R"({"size": [7, 7], "counts": "\\15"})").mask(0) ==
        decode_coco_rle({7, 7}, "\\15"));
  CHECK(parse_segmentation(R"({"size": [7, 7], "counts": "\u005c1\u0035"})").mask(0) ==
        decode_coco_rle({7, 7}, "\\15"));
}

TEST_CASE("the mask of several polygons is their union") {
  Size const size{6, 8};
  std::vector<double> const a{0, 0, 4, 0, 4, 3}, b{5, 1, 8, 1, 8, 5, 2.5, 6};
  MaskSet const set = parse(R"([{"segmentation": [[0,0,4,0,4,3], [5,1,8,1,8,5,2.5,6]]}])", size);
  CHECK(set.mask(0) == united(rasterise_polygon(size, a), rasterise_polygon(size, b)));
}

TEST_CASE("polygons take their size from the image, the header, or another record") {
  std::string const polygon = R"({"segmentation": [[0,0,2,0,2,2]]})";
  CHECK(parse("[" + polygon + "]", Size{4, 5}).mask(0).size() == Size{4, 5});
  CHECK(parse(R"({"annotations": [)" + polygon + R"(], "image": {"height": 4, "width": 5}})")
            .mask(0)
            .size() == Size{4, 5});
  CHECK(parse("[" + polygon + R"(,{"segmentation": {"size": [4, 5], "counts": [20]}}])")
            .mask(0)
            .size() == Size{4, 5});
  CHECK_THROWS_WITH(parse("[" + polygon + "]"),
                    Contains("a.json, record 0: polygons do not contain the size") &&
                        Contains("from the data set"));
}

TEST_CASE("a list without masks is an empty set") {
  CHECK(parse("[]").count() == 0);
  CHECK_FALSE(parse("[]").size());
  CHECK(parse("[]", Size{4, 5}).size() == Size{4, 5});
  CHECK(parse(R"({"image": {"height": 4, "width": 5}, "annotations": []})").size() == Size{4, 5});
}

TEST_CASE("masks below the minimum area are left out with their scores") {
  std::string const small = R"({"segmentation": {"size": [2, 3], "counts": [5, 1]}})";
  std::string const json = "[" + small + "," + std::string(kAmgRecord) + "]";
  CHECK(parse(json).count() == 2);
  MaskSet const set = parse(json, std::nullopt, 3);
  REQUIRE(set.count() == 1);
  CHECK(set.mask(0).area() == 3);
  CHECK(set.info(0).has_value());
  CHECK(parse(json, std::nullopt, 4).count() == 0);
}

TEST_CASE("a mask has info only when all fields are present") {
  for (std::string const field : {"predicted_iou", "stability_score", "point_coords", "crop_box"}) {
    std::string record(kAmgRecord);
    record.replace(record.find(field), field.size(), "other");
    CHECK_FALSE(parse("[" + record + "]").info(0).has_value());
  }
}

TEST_CASE("unknown fields are ignored, however deeply nested") {
  std::string const deep = std::string(100000, '[') + "1" + std::string(100000, ']');
  CHECK(parse(R"([{"x": )" + deep + R"(, "segmentation": {"y": [{}], "size": [1, 1],
              "counts": "1", "z": null}, "w": {"segmentation": 3}}])")
            .count() == 1);
}

TEST_CASE("deep nesting in place of another value is refused") {
  CHECK_THROWS_WITH(parse(std::string(1000000, '[')), Contains("a.json"));
  std::string const deep = std::string(100000, '[') + std::string(100000, ']');
  CHECK_THROWS_WITH(parse(deep), Contains("a.json, record 0: expected a mask record"));
}

TEST_CASE("JSON that is truncated anywhere is refused") {
  std::string const json = "[" + std::string(kAmgRecord) + "," + std::string(kAmgRecord) + "]";
  for (std::size_t size = 1; size < json.size(); ++size) {
    CHECK_THROWS_WITH(parse(json.substr(0, size)),
                      Contains("a.json") && (Contains("truncated") || Contains("no JSON")));
  }
  CHECK_THROWS_WITH(parse(""), Contains("a.json is empty (0 bytes)"));
  CHECK_THROWS_WITH(parse("  \n"), Contains("a.json: holds no JSON"));
}

TEST_CASE("text after the JSON is refused") {
  CHECK_THROWS_WITH(parse("[] []"), Contains("a.json: has more text after the end of its JSON"));
  CHECK_THROWS_WITH(parse(R"({"annotations": []} {})"), Contains("has more text after the end"));
}

TEST_CASE("JSON of another form is refused with what was expected") {
  CHECK_THROWS_WITH(parse("3"), Contains("a.json: expected a list of mask records") &&
                                    Contains("amg.py") && Contains("SA-1B"));
  CHECK_THROWS_WITH(parse("{}"), Contains("object without \"annotations\""));
  CHECK_THROWS_WITH(parse(R"({"annotations": 3})"), Contains("expected \"annotations\" to be"));
  CHECK_THROWS_WITH(parse("[3]"), Contains("a.json, record 0: expected a mask record"));
  CHECK_THROWS_WITH(parse(R"({"images": [], "annotations": []})"),
                    Contains("annotations of many images"));
  CHECK_THROWS_WITH(parse(R"({"image": {"height": 3}, "annotations": []})"),
                    Contains("expected \"image\" to be an object with"));
}

TEST_CASE("a record without a complete segmentation is refused") {
  CHECK_THROWS_WITH(parse("[" + std::string(kAmgRecord) + R"(, {"area": 3}])"),
                    Contains("a.json, record 1: has no \"segmentation\""));
  CHECK_THROWS_WITH(parse_segmentation("3"), Contains("record 0: expected segmentation to be"));
  CHECK_THROWS_WITH(parse_segmentation("null"), Contains("expected segmentation to be"));
  CHECK_THROWS_WITH(parse_segmentation("[3, [4]]"), Contains("expected polygons to be"));
  CHECK_THROWS_WITH(parse_segmentation("[[3], 4]"), Contains("expected polygons to be"));
  CHECK_THROWS_WITH(parse_segmentation("[[[[[3, 4]]]]]"), Contains("expected polygons to be"));
  CHECK_THROWS_WITH(parse_segmentation(R"([["a"]])"), Contains("expected polygons to be"));
  CHECK_THROWS_WITH(parse_segmentation(R"({"counts": "1"})"), Contains("has no segmentation.size"));
  CHECK_THROWS_WITH(parse_segmentation(R"({"size": [1, 1]})"),
                    Contains("has no segmentation.counts"));
}

TEST_CASE("a record with an invalid size is refused") {
  auto const size = GENERATE("3", "[3]", "[1, 2, 3]", "[-1, 2]", "[1.5, 2]", "[\"1\", 2]");
  CHECK_THROWS_WITH(parse_segmentation(R"({"counts": "1", "size": )" + std::string(size) + "}"),
                    Contains("record 0: expected segmentation.size to be [height, width]"));
}

TEST_CASE("a record without pixels, or with too many, is refused") {
  auto const size = GENERATE("[0, 5]", "[5, 0]", "[100000, 100000]", "[1, 18446744073709551615]");
  CHECK_THROWS_WITH(parse_segmentation(R"({"counts": "1", "size": )" + std::string(size) + "}"),
                    Contains("a.json, record 0: the mask has the size"));
}

TEST_CASE("a record with invalid counts is refused") {
  auto const parse_counts = [](std::string const& counts) {
    return parse_segmentation(R"({"size": [2, 3], "counts": )" + counts + "}");
  };
  CHECK_THROWS_WITH(parse_counts("3"), Contains("record 0: expected segmentation.counts to be"));
  CHECK_THROWS_WITH(parse_counts("[1, -3, 2]"), Contains("expected segmentation.counts[1] to be"));
  CHECK_THROWS_WITH(parse_counts("[1, 2, 1.5]"), Contains("expected segmentation.counts[2] to be"));
  CHECK_THROWS_WITH(parse_counts("[4294967297]"), Contains("segmentation.counts[0]"));
  CHECK_THROWS_WITH(parse_counts("[99999999999999999999]"), Contains("segmentation.counts[0]"));
  CHECK_THROWS_WITH(parse_counts("[1, 3]"), Contains("record 0: the runs of a mask add up to 4"));
  CHECK_THROWS_WITH(parse_counts(R"("1 2")"), Contains("record 0: the RLE string"));
}

TEST_CASE("scores of the wrong type are refused") {
  auto const parse_field = [](std::string const& field) {
    return parse(R"([{"segmentation": {"size": [1, 1], "counts": "1"}, )" + field + "}]");
  };
  CHECK_THROWS_WITH(parse_field(R"("predicted_iou": "x")"),
                    Contains("record 0: expected predicted_iou to be a number"));
  CHECK_THROWS_WITH(parse_field(R"("stability_score": [1])"), Contains("stability_score"));
  CHECK_THROWS_WITH(parse_field(R"("point_coords": [1, 2])"), Contains("[[x, y]]"));
  CHECK_THROWS_WITH(parse_field(R"("point_coords": [[1]])"), Contains("[[x, y]]"));
  CHECK_THROWS_WITH(parse_field(R"("crop_box": [1, 2, 3])"), Contains("[x, y, width, height]"));
}

TEST_CASE("masks of several sizes are refused with the record and both sizes") {
  std::string const other = R"({"segmentation": {"size": [3, 2], "counts": "6"}})";
  std::string const json = "[" + std::string(kAmgRecord) + "," + other + "]";
  CHECK_THROWS_WITH(parse(json), Contains("a.json, record 1 is 3x2 but record 0 is 2x3"));
  CHECK_THROWS_WITH(parse("[" + other + "]", Size{2, 3}),
                    Contains("a.json, record 0 is 3x2 but the image is 2x3"));
  CHECK_THROWS_WITH(
      parse(R"({"image": {"height": 2, "width": 3}, "annotations": [)" + other + "]}"),
      Contains("a.json, record 0 is 3x2 but \"image\" in the file is 2x3"));
  CHECK_THROWS_WITH(parse(R"({"image": {"height": 2, "width": 3}, "annotations": []})", Size{3, 2}),
                    Contains("\"image\" in a.json is 2x3 but the image is 3x2"));
}

TEST_CASE("masks of several images are refused") {
  std::string const segmentation = R"("segmentation": {"size": [1, 1], "counts": "1"})";
  CHECK(parse("[{\"image_id\": 4, " + segmentation + "}, {\"image_id\": 4 ," + segmentation + "}]")
            .count() == 2);
  CHECK_THROWS_WITH(
      parse("[{\"image_id\": 4, " + segmentation + "}, {" + segmentation + ", \"image_id\": 5}]"),
      Contains("a.json, record 1: belongs to image 5, a record before it to image 4"));
}

TEST_CASE("a mask file that cannot be read is reported with the reason") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read_mask_json(folder.path() / "no.json"),
                    Contains("no.json: No such file or directory"));
  CHECK_THROWS_WITH(read_mask_json(folder.path()), Contains("is a folder, not a file"));
  CHECK_THROWS_WITH(read_mask_json(folder.write("a.json", "")), Contains("a.json is empty"));
  auto const path = folder.write("b.json", "[" + std::string(kAmgRecord) + "]");
  CHECK(read_mask_json(path).mask(0) == mask_of({2, 3}, {1, 3, 2}));
}

TEST_CASE("an array of pixels is a mask, whatever its two values are called") {
  Mask const mask = mask_of({2, 3}, {1, 3, 2});  // 0 1 0 / 1 1 0
  CHECK(parse_segmentation("[[0, 1, 0], [1, 1, 0]]").mask(0) == mask);
  CHECK(parse_segmentation("[[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]").mask(0) == mask);
  CHECK(parse(R"([{"segmentation": [[0, 255, 0], [255, 255, 0]]}])", Size{2, 3}).mask(0) == mask);
  CHECK(parse_segmentation("[[false, true, false], [true, true, false]]").mask(0) == mask);
  CHECK(parse_segmentation("[[true]]").mask(0).area() == 1);
  CHECK_THROWS_WITH(parse_segmentation("[[false, true], [true]]"), Contains("row 1 (from 0)"));
  CHECK_THROWS_WITH(parse(R"([{"segmentation": [[true, false]]}])", Size{2, 1}), Contains("2x1"));
  // As many lists as rows, and as many numbers as columns, but coordinates.
  CHECK(parse(R"([{"segmentation": [[0, 0, 6, 0, 6, 1]]}])", Size{1, 6}).mask(0).area() > 1);
  CHECK_THROWS_WITH(parse_segmentation("[[0, 0, 255, 0, 255, 255], [0, 0, 0, 255, 255, 255]]"),
                    Contains("polygons do not contain the size"));
}

TEST_CASE("an array of 0 and 1 that is not height x width is not taken for polygons") {
  std::string const row = "[0, 0, 0, 0, 1, 1, 1, 1]", pair = row + ", " + row;
  std::string rows = pair;
  for (int i = 0; i < 3; ++i) rows += ", " + pair;
  CHECK_THROWS_WITH(parse(R"([{"segmentation": [[)" + rows + "]]}]", Size{8, 8}),
                    Contains("more than two dimensions"));
  CHECK_THROWS_WITH(parse(R"([{"segmentation": [)" + rows + ", [0, 1]]}]", Size{9, 8}),
                    Contains("different lengths"));
}

TEST_CASE("an array of the image's size with more than two values is not taken for polygons") {
  std::string row = "[0.25", rows;
  for (int i = 1; i < 8; ++i) row += ", 1.5";
  for (int i = 0; i < 8; ++i) rows += (i > 0 ? ", " : "") + row + "]";
  CHECK_THROWS_WITH(parse(R"([{"segmentation": [)" + rows + "]}]", Size{8, 8}),
                    Contains("values other than two"));
}

TEST_CASE("polygons may be one list of numbers, or lists of points") {
  Size const size{4, 6};
  Mask const mask = parse(R"([{"segmentation": [[1, 1, 5, 1, 5, 3, 1, 3]]}])", size).mask(0);
  REQUIRE(mask.area() == 8);
  for (char const* const text :
       {"[1, 1, 5, 1, 5, 3, 1, 3]", "[[1, 1], [5, 1], [5, 3], [1, 3]]",
        "[[[1, 1], [5, 1], [5, 3], [1, 3]]]", "[[[1, 1]], [[5, 1]], [[5, 3]], [[1, 3]]]"}) {
    CAPTURE(text);
    CHECK(parse(R"([{"segmentation": )" + std::string(text) + "}]", size).mask(0) == mask);
  }
  CHECK(parse(R"([{"segmentation": []}])", size).mask(0).area() == 0);
}

TEST_CASE("counts may be bytes as Python prints them, and numbers may have a decimal point") {
  Mask const mask = mask_of({2, 3}, {1, 3, 2});
  CHECK(parse_segmentation(R"({"size": [2, 3], "counts": "b'132'"})").mask(0) == mask);
  CHECK(parse_segmentation(R"({"size": [2.0, 3.0], "counts": [1.0, 3.0, 2.0]})").mask(0) == mask);
  CHECK_THROWS_WITH(parse_segmentation(R"({"size": [2, 3], "counts": [1.5, 2.5, 2]})"),
                    Contains("counts[0] to be a run length"));
  // A backslash of COCO's alphabet is two in Python's text, and four in its JSON.
  Mask const tall = mask_of({60, 1}, {0, 44, 16});
  REQUIRE(encode_coco_rle(tall) == "0\\1`0");
  CHECK(parse_segmentation(R"({"size": [60, 1], "counts": "b'0\\\\1`0'"})").mask(0) == tall);
}

TEST_CASE("fields that are null or not a number are absent") {
  std::string const rle = R"("segmentation": {"size": [2, 3], "counts": "132"})";
  for (char const* const fields :
       {R"("predicted_iou": null, "stability_score": 0.9)", R"("predicted_iou": NaN)",
        R"("predicted_iou": Infinity, "area": NaN)", R"("crop_box": null, "bbox": null)",
        R"("point_coords": [[NaN, 1]], "crop_box": [0, 0, NaN, 1])", R"("point_coords": null)"}) {
    CAPTURE(fields);
    auto const set = parse("[{" + rle + ", " + fields + "}, {" + fields + ", " + rle + "}]");
    CHECK(set.count() == 2);
    CHECK_FALSE(set.info(0));
  }
  CHECK_THROWS_WITH(parse("[{" + rle + R"(, "predicted_iou": "high"}])"),
                    Contains("predicted_iou to be a number"));
}

TEST_CASE("records may stand one after the other, and a byte-order mark may come first") {
  std::string const record(kAmgRecord);
  CHECK(parse(record).count() == 1);
  auto const lines = parse(record + "\n" + record + "\r\n\n" + record + "\n");
  REQUIRE(lines.count() == 3);
  CHECK(lines.mask(2) == mask_of({2, 3}, {1, 3, 2}));
  CHECK(lines.info(2).has_value());
  CHECK_THROWS_WITH(parse(record + "\n" + record.substr(0, record.size() - 9)),
                    Contains("a.json") && Contains("truncated"));
  CHECK_THROWS_WITH(parse(record + "\n{}"), Contains("record 1: has no \"segmentation\""));
  CHECK(parse("\xEF\xBB\xBF[" + record + "]").count() == 1);
}

TEST_CASE("strict refuses every form that is not of amg.py, SA-1B or COCO") {
  MaskReading reading;
  reading.image_size = Size{4, 6};
  reading.strict = true;
  auto const refuses = [&](std::string const& json) {
    try {
      parse_mask_file({reinterpret_cast<std::uint8_t const*>(json.data()), json.size()}, "a.json",
                      reading);
      return false;
    } catch (Error const&) {
      return true;
    }
  };
  std::string const sound = R"({"size": [4, 6], "counts": [24]})";
  CHECK_FALSE(refuses(R"([{"segmentation": )" + sound + "}]"));
  CHECK_FALSE(refuses(R"([{"segmentation": [[1, 1, 5, 1, 5, 3]]}])"));
  for (char const* const text :
       {"[1, 1, 5, 1, 5, 3]", "[[1, 1], [5, 1], [5, 3]]", "[]", "[[true]]",
        R"({"size": [4.0, 6], "counts": [24]})", R"({"size": [4, 6], "counts": [24.0]})",
        R"({"size": [4, 6], "counts": "b'h0'"})"}) {
    CAPTURE(text);
    CHECK(refuses(R"([{"segmentation": )" + std::string(text) + "}]"));
  }
  CHECK(refuses(R"({"segmentation": )" + sound + "}"));
  CHECK(refuses(R"([{"segmentation": )" + sound + R"(, "predicted_iou": null}])"));
}

TEST_CASE("masks that contradict the area or the box of their records are counted") {
  auto const found = [](std::string const& claims) {
    std::string const json =
        R"([{"segmentation": {"size": [40, 60], "counts": [400, 400, 1600]}, )" + claims + "}]";
    auto const file = parse_mask_file(
        {reinterpret_cast<std::uint8_t const*>(json.data()), json.size()}, "a.json", {});
    CHECK(file.records == 1);
    return file.contradictions == 0 ? "" : file.contradiction;
  };
  // Columns 10 to 19 of 40 rows.
  CHECK(found(R"("area": 400, "bbox": [10, 0, 9, 39])").empty());
  CHECK(found(R"("area": 400.5, "bbox": [10.2, 0, 9.8, 40])").empty());
  CHECK(found(R"("bbox": [10, 0, 20, 40])").empty());  // the corners
  CHECK(found(R"("area": "many", "bbox": [1, 2])").empty());
  CHECK(found(R"("area": 4)") ==
        "record 0 states area 4; its mask has area 400 and bbox 10 0 9 39");
  CHECK_FALSE(found(R"("bbox": [30, 0, 9, 39])").empty());
  CHECK_FALSE(found(R"("bbox": [10, 20, 9, 39])").empty());
}
