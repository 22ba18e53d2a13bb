// The "segmentation" of a mask record or a COCO annotation.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <seplflow/mask.hpp>
#include <seplflow/size.hpp>
#include "formats/json/checked_json.hpp"
#include "formats/json/coco_polygon.hpp"

namespace seplflow {

using Polygon = std::vector<double>;  // x0, y0, x1, y1, ...

// A segmentation as the file holds it, before it becomes a mask.
struct Segmentation {
  std::optional<Size> size;  // of an RLE or an array; polygons have none
  // Compressed counts (a view into the parser's memory), counts, polygons, or an array as a mask.
  std::variant<std::string_view, std::vector<std::uint32_t>, std::vector<Polygon>, Mask> shape;
};

struct SegmentationReading {
  std::optional<Size> image_size = {};  // if it is known: an array has this size
  bool strict = false;                  // only what COCO's own tools write
};

// Reads one of these; those marked * are refused if `strict` is set:
//   {"size": [height, width], "counts": a string or a list of run lengths}
//     * counts as Python prints bytes ("b'...'"), and lengths and extents written as 3.0
//   [[x0, y0, x1, y1, ...], ...]         polygons; an empty list is a mask without pixels *
//   [x0, y0, x1, y1, ...]                one polygon *
//   [[x0, y0], [x1, y1], ...]            one polygon *; or a list of such lists *
//   [[0, 1, ...], [false, true, ...]]    H x W pixels: false and true, 0 and 1, or 0 and 255 *
// Throws Error, naming the place and what was expected, for anything else.
Segmentation read_segmentation(simdjson::ondemand::value value, JsonPlace const& place,
                               SegmentationReading const& reading = {});

// The mask, decoded at the size of the RLE, or for polygons at `size`. Throws Error as
// decode_coco_rle, Mask::from_counts and rasterise_polygons do, and for polygons without a size.
Mask mask_of(Segmentation const& segmentation, std::optional<Size> size, PolygonWork& work);

// The union of the polygons, as pycocotools (frPyObjects, merge) computes it. If the first has 4
// numbers, all are boxes x, y, width, height. A polygon of one or two points has no pixels, unless
// it is the first. Throws Error as rasterise_polygon does for everything else.
Mask rasterise_polygons(Size size, std::span<Polygon const> polygons, PolygonWork& work);

// The same for polygons that are all of their image.
inline Mask rasterise_polygons(Size size, std::span<Polygon const> polygons) {
  PolygonWork work;
  return rasterise_polygons(size, polygons, work);
}

}  // namespace seplflow
