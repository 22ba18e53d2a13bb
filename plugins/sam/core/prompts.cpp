#include "core/prompts.hpp"

#include <algorithm>
#include <cmath>

namespace seplflow::sam {
namespace {

// n centres from 0 to 1, rounded like numpy.linspace.
std::vector<double> centres(std::uint32_t n) {
  double const offset = 1.0 / (2.0 * n), last = 1 - offset;
  std::vector<double> places(n, offset);
  double const step = n > 1 ? (last - offset) / (n - 1) : 0;
  for (std::uint32_t i = 0; i < n; ++i) places[i] = i * step + offset;
  if (n > 1) places.back() = last;
  return places;
}

}  // namespace

std::vector<Crop> crops_of(Size image, std::uint32_t layers, double overlap_ratio) {
  std::vector<Crop> crops = {{0, 0, image.width, image.height, 0}};
  std::uint32_t const short_side = std::min(image.height, image.width);
  for (std::uint32_t layer = 1; layer <= layers; ++layer) {
    std::uint32_t const across = 1U << layer;
    auto const overlap = static_cast<std::uint32_t>(overlap_ratio * short_side * (2.0 / across));
    auto const length = [&](std::uint32_t whole) {
      std::uint64_t const parts = std::uint64_t{overlap} * (across - 1) + whole;
      return static_cast<std::uint32_t>(std::ceil(static_cast<double>(parts) / across));
    };
    std::uint32_t const width = length(image.width), height = length(image.height);
    for (std::uint32_t i = 0; i < across; ++i) {
      for (std::uint32_t j = 0; j < across; ++j) {
        std::uint32_t const x0 = (width - overlap) * i, y0 = (height - overlap) * j;
        if (x0 >= image.width || y0 >= image.height) continue;
        crops.push_back({x0, y0, std::min(x0 + width, image.width),
                         std::min(y0 + height, image.height), layer});
      }
    }
  }
  return crops;
}

std::uint32_t points_per_side(std::uint32_t per_side, std::uint32_t downscale,
                              std::uint32_t layer) {
  return static_cast<std::uint32_t>(per_side / std::pow(downscale, layer));
}

std::vector<Point> grid_points(std::uint32_t n, Size size) {
  std::vector<double> const places = centres(n);
  std::vector<Point> points;
  points.reserve(std::size_t{n} * n);
  for (double const y : places) {
    for (double const x : places) points.push_back({x * size.width, y * size.height});
  }
  return points;
}

}  // namespace seplflow::sam
