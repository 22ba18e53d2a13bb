// Where SAM's automatic mask generator looks: crops of the image, and a grid of points on each.
#pragma once

#include <cstdint>
#include <vector>

#include <seplflow/size.hpp>

namespace seplflow::sam {

// A place in an image: pixels from the left and from the top.
struct Point {
  double x = 0, y = 0;
};

// A part of an image: x0 <= x < x1, y0 <= y < y1, pixels.
struct Crop {
  std::uint32_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  std::uint32_t layer = 0;  // 0: the whole image

  Size size() const { return {y1 - y0, x1 - x0}; }
  bool operator==(Crop const&) const = default;
};

// The whole image, and for each layer i >= 1 a grid of 2^i x 2^i overlapping crops, in the order of
// the official generator (column by column). Leaves out crops without pixels, which the official
// code creates for tiny images.
std::vector<Crop> crops_of(Size image, std::uint32_t layers, double overlap_ratio);

// The points along each side of a crop's grid in this layer: per_side / downscale^layer, rounded
// down.
std::uint32_t points_per_side(std::uint32_t per_side, std::uint32_t downscale, std::uint32_t layer);

// The centres of n x n equal parts of an image of this size, row by row.
std::vector<Point> grid_points(std::uint32_t n, Size size);

}  // namespace seplflow::sam
