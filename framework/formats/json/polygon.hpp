// COCO's polygons as masks.
#pragma once

#include <span>

#include "data/mask.hpp"
#include "data/size.hpp"

namespace seplflow {

// The pixels that pycocotools gives to the polygon (rleFrPoly), bit for bit: the outline is walked
// on a grid five times as fine, and each column is filled between its crossings, by even and odd.
// `xy` is x0, y0, x1, y1, ... in pixels; the outline closes itself, and may leave the picture.
// Throws Error for fewer than three points (of 4 numbers segmentation.hpp makes a box), an odd
// number of coordinates, a coordinate that is no number or further than kMaxPixels from 0, and an
// outline of more than 2^24 crossings. O(points + crossings inside the picture), wherever the
// points are.
Mask rasterise_polygon(Size size, std::span<double const> xy);

}  // namespace seplflow
