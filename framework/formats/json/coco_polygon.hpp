// COCO's polygons as masks.
#pragma once

#include <cstddef>
#include <span>

#include <seplflow/mask.hpp>
#include <seplflow/size.hpp>

namespace seplflow {

// The crossings of all polygons of an image so far. Each polygon takes time for every column that
// it crosses, and a file of a few bytes can ask for many.
struct PolygonWork {
  std::size_t crossings = 0;
};

// Exactly the pixels that pycocotools (rleFrPoly) assigns to the polygon: the outline is traced on
// a grid five times as fine, and each column is filled between its crossings by the even-odd rule.
// `xy` is x0, y0, x1, y1, ... in pixels; the outline is closed, and may extend beyond the image.
// Throws Error for fewer than three points (coco_segmentation.hpp turns 4 numbers into a box), an
// odd number of coordinates, a coordinate that is not a number or further than kMaxPixels from 0,
// and more than 2^24 crossings, of this outline and those that `work` has counted
// before. O(points + crossings inside the image), wherever the
// points are.
Mask rasterise_polygon(Size size, std::span<double const> xy, PolygonWork& work);

// The same alone.
inline Mask rasterise_polygon(Size size, std::span<double const> xy) {
  PolygonWork work;
  return rasterise_polygon(size, xy, work);
}

}  // namespace seplflow
