// The "segmentation" of a mask record or a COCO annotation.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <seplflow/mask.hpp>
#include <seplflow/size.hpp>
#include "formats/json/checked_json.hpp"

namespace seplflow {

using Polygon = std::vector<double>;  // x0, y0, x1, y1, ...

// A segmentation as the file holds it, before it becomes a mask.
struct Segmentation {
  std::optional<Size> size;  // of an RLE; polygons have none
  // Compressed counts (a view into the parser's memory), counts, or polygons.
  std::variant<std::string_view, std::vector<std::uint32_t>, std::vector<Polygon>> shape;
};

// Reads {"size": [height, width], "counts": a string or a list} or a list of polygons. Throws
// Error, naming the place and what was expected, for anything else.
Segmentation read_segmentation(simdjson::ondemand::value value, JsonPlace const& place);

// The mask, decoded at the size of the RLE, or for polygons at `size`. Throws Error as
// decode_coco_rle, Mask::from_counts and rasterise_polygons do, and for polygons without a size.
Mask mask_of(Segmentation const& segmentation, std::optional<Size> size);

// The union of the polygons, as pycocotools (frPyObjects, merge) computes it. If the first has 4
// numbers, all are boxes x, y, width, height. A polygon of one or two points has no pixels, unless
// it is the first. Throws Error as rasterise_polygon does for everything else.
Mask rasterise_polygons(Size size, std::span<Polygon const> polygons);

}  // namespace seplflow
