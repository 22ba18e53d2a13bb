#include "formats/json/coco_segmentation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include "formats/mask_levels.hpp"

namespace seplflow {
namespace {

using simdjson::ondemand::json_type;
namespace ondemand = simdjson::ondemand;

constexpr std::size_t kBoxNumbers = 4;
constexpr unsigned kMaxNesting = 3;  // of points in the lists of a segmentation
// An array has at least so many rows and columns where its size could also be that of polygons.
constexpr std::size_t kSurelyArray = 8;

// A whole number, which Python may have written as 3.0.
simdjson::error_code read_whole(ondemand::value value, bool strict, std::uint64_t& number) {
  auto const error = value.get(number);
  double real = 0;
  if (error == simdjson::SUCCESS || strict || !is_wrong_type(error)) return error;
  if (value.get(real) != simdjson::SUCCESS) return error;
  if (!(real >= 0 && real <= static_cast<double>(kMaxPixels)) || real != std::floor(real)) {
    return error;
  }
  number = static_cast<std::uint64_t>(real);
  return simdjson::SUCCESS;
}

Size read_size(ondemand::value value, JsonPlace const& place, bool strict) {
  std::string_view const expected =
      "segmentation.size to be [height, width], two positive whole numbers";
  std::array<std::uint64_t, 2> extents{};
  std::size_t count = 0;
  for_each_element(as<ondemand::array>(value, place, expected), place, [&](ondemand::value extent) {
    if (count < extents.size()) {
      place.check(read_whole(extent, strict, extents[count]), expected);
    }
    ++count;
  });
  if (count != extents.size()) place.fail_expecting(expected);
  try {
    return checked_size(extents[0], extents[1], "the mask");
  } catch (Error const& error) {
    place.fail(error.what());
  }
}

std::vector<std::uint32_t> read_counts(ondemand::value value, JsonPlace const& place, bool strict) {
  std::vector<std::uint32_t> counts;
  for_each_element(as<ondemand::array>(value, place, "counts"), place, [&](ondemand::value count) {
    std::uint64_t length = 0;
    auto const error = read_whole(count, strict, length);
    if (is_wrong_type(error) || length > kMaxPixels) {
      place.fail("expected segmentation.counts[" + std::to_string(counts.size()) +
                 "] to be a run length, a whole number of 0 to " + std::to_string(kMaxPixels));
    }
    place.check(error, "a run length");
    counts.push_back(static_cast<std::uint32_t>(length));
  });
  return counts;
}

// COCO's alphabet has no quote, so that "b'...'" can only be the text of Python's bytes.
bool is_printed_bytes(std::string_view counts) {
  return counts.size() >= 3 && counts[0] == 'b' && (counts[1] == '\'' || counts[1] == '"') &&
         counts.back() == counts[1];
}

std::string bytes_as_printed(std::string_view counts) {
  std::string bytes;
  for (std::size_t i = 2; i + 1 < counts.size(); ++i) {
    if (counts[i] == '\\' && i + 2 < counts.size()) ++i;
    bytes += counts[i];
  }
  return bytes;
}

Segmentation read_rle(ondemand::object object, JsonPlace const& place, bool strict) {
  Segmentation rle;
  bool has_counts = false;
  std::string printed;
  for_each_field(object, place, [&](std::string_view key, ondemand::value value) {
    if (key == "size") rle.size = read_size(value, place, strict);
    if (key != "counts") return;
    has_counts = true;
    std::string_view const expected = "segmentation.counts to be a string or a list of run lengths";
    json_type type{};
    place.check(value.type().get(type), expected);
    if (type == json_type::array) {
      rle.shape = read_counts(value, place, strict);
      return;
    }
    auto const text = as<std::string_view>(value, place, expected);
    if (!strict && is_printed_bytes(text)) printed = bytes_as_printed(text);
    rle.shape = text;
  });
  if (!rle.size) place.fail("has no segmentation.size; expected [height, width]");
  if (!has_counts) {
    place.fail("has no segmentation.counts; expected a string or a list of run lengths");
  }
  if (printed.empty()) return rle;
  try {
    rle.shape = decode_coco_rle(*rle.size, printed);
  } catch (Error const& error) {
    place.fail(error.what());
  }
  return rle;
}

// ---- Lists ----

// What the list of a segmentation holds: the numbers of each of its lists, or its own numbers.
struct Lists {
  std::vector<Polygon> parts;
  bool is_flat = false;     // the list holds numbers itself
  bool has_points = false;  // a part holds lists
  bool has_booleans = false;
};

class ListReader {
 public:
  ListReader(JsonPlace const& place, SegmentationReading const& reading)
      : place_(place), reading_(reading) {}

  Segmentation read(ondemand::array list) {
    for_each_element(list, place_, [this](ondemand::value part) {
      json_type type{};
      place_.check(part.type().get(type), kExpected);
      if (type == json_type::array) {
        if (lists_.is_flat) place_.fail_expecting(kExpected);
        lists_.parts.emplace_back();
        read_part(part, 1);
      } else {
        if (!lists_.is_flat && !lists_.parts.empty()) place_.fail_expecting(kExpected);
        if (lists_.parts.empty()) lists_.parts.emplace_back();
        lists_.is_flat = true;
        read_number(part, type);
      }
    });
    return settled();
  }

 private:
  static constexpr std::string_view kExpected =
      "polygons to be lists of numbers, [[x0, y0, x1, y1, ...], ...]";

  void read_part(ondemand::value part, unsigned level) {
    if (level > kMaxNesting) place_.fail_expecting(kExpected);
    for_each_element(as<ondemand::array>(part, place_, kExpected), place_,
                     [&](ondemand::value element) {
                       // Nearly all are numbers, which need no look at their type.
                       double number = 0;
                       if (element.get(number) == simdjson::SUCCESS) {
                         lists_.parts.back().push_back(number);
                         return;
                       }
                       json_type type{};
                       place_.check(element.type().get(type), kExpected);
                       if (type == json_type::array) {
                         lists_.has_points = true;
                         read_part(element, level + 1);
                       } else {
                         read_number(element, type);
                       }
                     });
  }

  void read_number(ondemand::value value, json_type type) {
    if (type == json_type::boolean) {
      lists_.has_booleans = true;
      lists_.parts.back().push_back(as<bool>(value, place_, kExpected) ? 1 : 0);
    } else {
      lists_.parts.back().push_back(as<double>(value, place_, kExpected));
    }
  }

  // Also checks that all rows have as many columns as the first.
  bool is_array() const {
    if (lists_.is_flat || lists_.has_points || lists_.parts.empty()) return false;
    std::size_t const rows = lists_.parts.size(), columns = lists_.parts.front().size();
    auto const has_as_many = [&](Polygon const& row) { return row.size() == columns; };
    if (lists_.has_booleans || columns == 0) return lists_.has_booleans;
    auto const fits = [&](double h, double w) {
      return reading_.image_size && reading_.image_size->height == h &&
             reading_.image_size->width == w;
    };
    bool const is_large = rows >= kSurelyArray && columns >= kSurelyArray;
    bool const fits_image = fits(static_cast<double>(rows), static_cast<double>(columns));
    // Without a size, small polygons could also be on 0 and 255, but hardly on 0 and 1.
    bool const may_be_small = !reading_.image_size && rows > 1 && columns != 2;
    if (!is_large && !fits_image && !may_be_small) return false;
    auto const inside = inside_value();
    if (!inside || (*inside > 1 && !is_large && !fits_image)) return false;
    return std::ranges::all_of(lists_.parts, has_as_many);
  }

  // 1 if the numbers are 0 and 1, 255 if they are 0 and 255, 0 if all are 0; nothing for others.
  std::optional<double> inside_value() const {
    double inside = 0;
    for (Polygon const& row : lists_.parts) {
      for (double const value : row) {
        if (value == 0 || value == inside) continue;
        if (inside != 0 || (value != 1 && value != 255)) return std::nullopt;
        inside = value;
      }
    }
    return inside;
  }

  // Values of the size of the image that cannot be coordinates of its polygons.
  void refuse_soft_array() const {
    if (!reading_.image_size || lists_.is_flat || lists_.has_points) return;
    Size const size = *reading_.image_size;
    bool const has_size = lists_.parts.size() == size.height && size.height >= kSurelyArray &&
                          std::ranges::all_of(lists_.parts, [&](Polygon const& row) {
                            return row.size() == size.width;
                          });
    if (has_size) {
      place_.fail(
          "segmentation is an array of the size of the image with values other than two; expected "
          "0 and 1, 0 and 255, or false and true");
    }
  }

  // Outlines of more than a few points do not have all of them in corners, but the values of a mask
  // are 0 and 1: rows of different lengths, or an array with one dimension too many.
  void refuse_misshapen_array() const {
    constexpr std::size_t kMaxCorners = 16;
    bool const is_long =
        lists_.parts.size() >= kSurelyArray ||
        std::ranges::any_of(lists_.parts, [](auto& part) { return part.size() > kMaxCorners; });
    if (!is_long || lists_.is_flat || !inside_value()) return;
    place_.fail(
        "segmentation holds only 0 and one other value, as the array of a mask does, but " +
        std::string(lists_.has_points
                        ? "has more than two dimensions"
                        : "its rows have different lengths or not the size of the image") +
        "; expected an array of height x width values, or COCO RLE");
  }

  Segmentation array() const {
    std::size_t const columns = lists_.parts.front().size();
    for (std::size_t y = 0; y < lists_.parts.size(); ++y) {
      if (lists_.parts[y].size() == columns) continue;
      place_.fail("row " + std::to_string(y) + " (from 0) of the array has " +
                  std::to_string(lists_.parts[y].size()) + " values, and row 0 has " +
                  std::to_string(columns));
    }
    try {
      Size const size = checked_size(lists_.parts.size(), columns, "the array");
      auto const is_inside = [&](std::size_t i) {
        return lists_.parts[i / columns][i % columns] != 0;
      };
      return {size, mask_where(size, is_inside)};
    } catch (Error const& error) {
      place_.fail(error.what());
    }
  }

  Segmentation settled() {
    auto& parts = lists_.parts;
    bool const is_points = parts.size() > 2 && std::ranges::all_of(parts, [](Polygon const& part) {
                             return part.size() == 2;
                           });
    if (reading_.strict) refuse_automatic(is_points);
    if (lists_.has_booleans && (lists_.is_flat || lists_.has_points)) {
      place_.fail_expecting("an array of false and true to be a list of rows");
    }
    if (is_array()) return array();
    refuse_soft_array();
    refuse_misshapen_array();
    if (is_points) {
      Polygon joined;
      for (Polygon const& point : parts) joined.insert(joined.end(), point.begin(), point.end());
      parts = {std::move(joined)};
    }
    return {std::nullopt, std::move(parts)};
  }

  void refuse_automatic(bool is_points) const {
    if (lists_.parts.empty()) {
      place_.fail("has an empty segmentation; expected at least one polygon");
    }
    if (lists_.is_flat || lists_.has_points || lists_.has_booleans || is_points || is_array()) {
      place_.fail_expecting(std::string(kExpected) + ", as strict = true asks for");
    }
  }

  JsonPlace const& place_;
  SegmentationReading const& reading_;
  Lists lists_;
};

Mask rasterise_box(Size size, Polygon const& box, PolygonWork& work) {
  double const left = box[0], top = box[1], right = left + box[2], bottom = top + box[3];
  return rasterise_polygon(
      size, std::array<double, 8>{left, top, left, bottom, right, bottom, right, top}, work);
}

// The union, merged in pairs: each run is merged only as often as the masks can be halved.
Mask united_all(Size size, std::vector<Mask> masks) {
  if (masks.empty()) return Mask(size);
  for (std::size_t step = 1; step < masks.size(); step *= 2) {
    for (std::size_t i = 0; i + step < masks.size(); i += 2 * step) {
      masks[i] = united(masks[i], masks[i + step]);
    }
  }
  return std::move(masks.front());
}

}  // namespace

Segmentation read_segmentation(ondemand::value value, JsonPlace const& place,
                               SegmentationReading const& reading) {
  json_type type{};
  std::string_view const expected =
      "segmentation to be {\"size\": [height, width], \"counts\": ...} or a list of polygons";
  place.check(value.type().get(type), expected);
  if (type == json_type::array) {
    return ListReader(place, reading).read(as<ondemand::array>(value, place, expected));
  }
  return read_rle(as<ondemand::object>(value, place, expected), place, reading.strict);
}

Mask rasterise_polygons(Size size, std::span<Polygon const> polygons, PolygonWork& work) {
  bool const boxes = !polygons.empty() && polygons.front().size() == kBoxNumbers;
  std::vector<Mask> masks;
  for (Polygon const& polygon : polygons) {
    std::size_t const numbers = polygon.size();
    if (boxes && numbers == kBoxNumbers) {
      masks.push_back(rasterise_box(size, polygon, work));
    } else if (boxes) {
      throw Error("the first polygon has 4 numbers, which is a box, and another one has " +
                  std::to_string(numbers) + "; expected boxes or polygons, not both");
    } else if (&polygon == &polygons.front() || numbers % 2 != 0 || numbers > kBoxNumbers) {
      masks.push_back(rasterise_polygon(size, polygon, work));
    }
  }
  return united_all(size, std::move(masks));
}

Mask mask_of(Segmentation const& segmentation, std::optional<Size> size, PolygonWork& work) {
  if (auto const* text = std::get_if<std::string_view>(&segmentation.shape)) {
    return decode_coco_rle(*segmentation.size, *text);
  }
  if (auto const* counts = std::get_if<std::vector<std::uint32_t>>(&segmentation.shape)) {
    return Mask::from_counts(*segmentation.size, *counts);
  }
  if (auto const* mask = std::get_if<Mask>(&segmentation.shape)) return *mask;
  if (!size) {
    throw Error(
        "polygons do not contain the size of their image; it can come from \"image\": {\"height\": "
        "..., \"width\": ...} in the file, from a record with segmentation.size, or from the data "
        "set, if that has the image");
  }
  return rasterise_polygons(*size, std::get<std::vector<Polygon>>(segmentation.shape), work);
}

}  // namespace seplflow
