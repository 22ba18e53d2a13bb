// Random walks between neighbouring pixels, as IRN and PSA spread scores with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/size.hpp>

namespace seplflow::nets {

struct Offset {
  std::int64_t down = 0, right = 0;
  bool operator==(Offset const&) const = default;
};

// The pixels within a radius below a pixel, or right of it in its row: one of each pair. By rows,
// from the left.
std::vector<Offset> pair_offsets(std::int64_t radius);

// The pixels on the straight path from a pixel to another at this offset, both ends included.
std::vector<Offset> path_to(Offset const& end);

// The affinity of each pair of neighbouring pixels: for each offset a plane, in which a pixel has
// the affinity of itself and the pixel at the offset, or 0 without such a pair. Memory is that of
// the offsets times the pixels; no matrix of pixels by pixels exists.
struct Affinities {
  Size size;
  std::vector<Offset> offsets;
  std::vector<float> values;  // of one offset after the other

  std::span<float> plane(std::size_t offset) {
    return std::span(values).subspan(offset * size.pixels(), size.pixels());
  }
};

// IRN's affinities within a radius of 5: 1 minus the largest boundary on the path between the
// pixels. `boundaries` are 0..1, a value for each pixel.
Affinities affinities_of_boundaries(std::span<float const> boundaries, Size size);

struct WalkOptions {
  double beta = 10;         // affinities are raised to this power
  std::uint32_t times = 8;  // the walk has 2^times steps
};

// Scores after a random walk. A step takes each score to the pixel itself, with affinity 1, and to
// its neighbours; what arrives in a pixel is divided by the sum of its affinities. This is the
// product with the matrix of IRN and PSA, whose columns sum to 1 and which they square `times`
// times; only rounding differs. `scores` has a plane for each class.
std::vector<float> random_walk(std::vector<float> scores, Affinities affinities,
                               WalkOptions const& options);

}  // namespace seplflow::nets
