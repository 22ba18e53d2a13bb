#include "formats/json/coco_segmentation.hpp"

#include <array>
#include <string>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include "formats/json/coco_polygon.hpp"

namespace seplflow {
namespace {

using simdjson::ondemand::json_type;
namespace ondemand = simdjson::ondemand;

constexpr std::size_t kBoxNumbers = 4;

Size read_size(ondemand::value value, JsonPlace const& place) {
  std::string_view const expected =
      "segmentation.size to be [height, width], two positive whole numbers";
  std::array<std::uint64_t, 2> extents{};
  std::size_t count = 0;
  for_each_element(as<ondemand::array>(value, place, expected), place, [&](ondemand::value extent) {
    if (count < extents.size()) extents[count] = as<std::uint64_t>(extent, place, expected);
    ++count;
  });
  if (count != extents.size()) place.fail_expecting(expected);
  try {
    return checked_size(extents[0], extents[1], "the mask");
  } catch (Error const& error) {
    place.fail(error.what());
  }
}

std::vector<std::uint32_t> read_counts(ondemand::value value, JsonPlace const& place) {
  std::vector<std::uint32_t> counts;
  for_each_element(as<ondemand::array>(value, place, "counts"), place, [&](ondemand::value count) {
    std::uint64_t length = 0;
    auto const error = count.get(length);
    if (is_wrong_type(error) || length > kMaxPixels) {
      place.fail("expected segmentation.counts[" + std::to_string(counts.size()) +
                 "] to be a run length, a whole number of 0 to " + std::to_string(kMaxPixels));
    }
    place.check(error, "a run length");
    counts.push_back(static_cast<std::uint32_t>(length));
  });
  return counts;
}

Segmentation read_rle(ondemand::object object, JsonPlace const& place) {
  Segmentation rle;
  bool has_counts = false;
  for_each_field(object, place, [&](std::string_view key, ondemand::value value) {
    if (key == "size") rle.size = read_size(value, place);
    if (key != "counts") return;
    has_counts = true;
    std::string_view const expected = "segmentation.counts to be a string or a list of run lengths";
    json_type type{};
    place.check(value.type().get(type), expected);
    if (type == json_type::array) {
      rle.shape = read_counts(value, place);
    } else {
      rle.shape = as<std::string_view>(value, place, expected);
    }
  });
  if (!rle.size) place.fail("has no segmentation.size; expected [height, width]");
  if (!has_counts) {
    place.fail("has no segmentation.counts; expected a string or a list of run lengths");
  }
  return rle;
}

std::vector<Polygon> read_polygons(ondemand::value value, JsonPlace const& place) {
  std::string_view const expected = "polygons to be lists of numbers, [[x0, y0, x1, y1, ...], ...]";
  std::vector<Polygon> polygons;
  for_each_element(as<ondemand::array>(value, place, expected), place, [&](ondemand::value part) {
    polygons.push_back(read_numbers(part, place, expected));
  });
  if (polygons.empty()) place.fail("has an empty segmentation; expected at least one polygon");
  return polygons;
}

Mask rasterise_box(Size size, Polygon const& box) {
  double const left = box[0], top = box[1], right = left + box[2], bottom = top + box[3];
  return rasterise_polygon(
      size, std::array<double, 8>{left, top, left, bottom, right, bottom, right, top});
}

}  // namespace

Segmentation read_segmentation(ondemand::value value, JsonPlace const& place) {
  json_type type{};
  std::string_view const expected =
      "segmentation to be {\"size\": [height, width], \"counts\": ...} or a list of polygons";
  place.check(value.type().get(type), expected);
  if (type == json_type::array) return {std::nullopt, read_polygons(value, place)};
  return read_rle(as<ondemand::object>(value, place, expected), place);
}

Mask rasterise_polygons(Size size, std::span<Polygon const> polygons) {
  bool const boxes = !polygons.empty() && polygons.front().size() == kBoxNumbers;
  Mask mask(size);
  for (Polygon const& polygon : polygons) {
    std::size_t const numbers = polygon.size();
    if (boxes && numbers == kBoxNumbers) {
      mask = united(mask, rasterise_box(size, polygon));
    } else if (boxes) {
      throw Error("the first polygon has 4 numbers, which is a box, and another one has " +
                  std::to_string(numbers) + "; expected boxes or polygons, not both");
    } else if (&polygon == &polygons.front() || numbers % 2 != 0 || numbers > kBoxNumbers) {
      mask = united(mask, rasterise_polygon(size, polygon));
    }
  }
  return mask;
}

Mask mask_of(Segmentation const& segmentation, std::optional<Size> size) {
  if (auto const* text = std::get_if<std::string_view>(&segmentation.shape)) {
    return decode_coco_rle(*segmentation.size, *text);
  }
  if (auto const* counts = std::get_if<std::vector<std::uint32_t>>(&segmentation.shape)) {
    return Mask::from_counts(*segmentation.size, *counts);
  }
  if (!size) {
    throw Error(
        "polygons do not contain the size of their image; it can come from \"image\": {\"height\": "
        "..., \"width\": ...} in the file, from a record with segmentation.size, or from the data "
        "set, if that has the image");
  }
  return rasterise_polygons(*size, std::get<std::vector<Polygon>>(segmentation.shape));
}

}  // namespace seplflow
