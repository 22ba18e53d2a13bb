// Where SAM's automatic mask generator looks: crops of the image, and a grid of points on each.
#pragma once

#include <cstdint>
#include <vector>

#include "core/point.hpp"
#include "data/size.hpp"

namespace seplflow::sam {

// A part of an image: x0 <= x < x1, y0 <= y < y1, pixels.
struct Crop {
  std::uint32_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  std::uint32_t layer = 0;  // 0: the whole image

  Size size() const { return {y1 - y0, x1 - x0}; }
  bool operator==(Crop const&) const = default;
};

// The whole image, and for each layer i from 1 on 2^i x 2^i crops that overlap, in the order of the
// official generator (column by column). Crops without pixels, of which the official code makes
// some for tiny images, are left out.
std::vector<Crop> crops_of(Size image, std::uint32_t layers, double overlap_ratio);

// Points a side of a crop's grid in this layer: per_side / downscale^layer, rounded down.
std::uint32_t points_per_side(std::uint32_t per_side, std::uint32_t downscale, std::uint32_t layer);

// Centres of n x n equal parts of a picture of this size, row by row.
std::vector<Point> grid_points(std::uint32_t n, Size size);

}  // namespace seplflow::sam
