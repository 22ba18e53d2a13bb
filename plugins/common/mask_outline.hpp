// Masks with another outline, and their pieces. Everything uses + - * / and square roots only, so
// results are the same on every machine that does not fuse multiply and add.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/mask.hpp>

namespace seplflow {

// The first whole number >= value, limited to 0 .. limit.
std::uint32_t ceiling(double value, std::uint32_t limit);

// The pixels at most `radius` away from the mask, by Euclidean distance. O(radius * runs).
Mask grown(Mask const& mask, std::uint32_t radius = 1);

// The pixels more than `radius` away from what is outside; the border of the picture does not eat
// the mask away.
Mask shrunk(Mask const& mask, std::uint32_t radius = 1);

// Pushes the outline up and down by at most `reach` pixels.
Mask warped(Mask const& mask, double reach, double wavelength, std::uint64_t seed);

// Moved to the right and down; what leaves the picture is lost.
Mask moved(Mask const& mask, std::int64_t right, std::int64_t down);

// Consecutive pixels of a column, by column-major position.
struct Strip {
  std::uint32_t begin, end;
};

// Appends the strips of the positions from begin to end.
void append_strips(std::vector<Strip>& strips, std::uint32_t begin, std::uint32_t end,
                   std::uint32_t height);

// The number of the 4-connected piece of each of these strips, which are in ascending order. Pieces
// are numbered in the order of their first strips.
std::vector<std::uint32_t> pieces_of(std::span<Strip const> strips, std::uint32_t height);

// The 4-connected pieces of a mask, in the order of their first pixels.
std::vector<Mask> pieces_of(Mask const& mask);

}  // namespace seplflow
