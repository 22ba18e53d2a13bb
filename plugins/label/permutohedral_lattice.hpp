// Gaussian filtering of scattered points.
//
// Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice",
// Eurographics 2010. The lattice tiles space with simplices. A point is spread over the corners of
// its simplex, the corners are blurred along the lattice's D + 1 directions, and the point gathers
// from the same corners. Time and memory are O(points), whatever the width.
//
// This is an approximation: the weight between two points depends on their positions within their
// simplices, and only corners of simplices with a point exist, so that whatever a blur would carry
// across other corners is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "label/label_field.hpp"

namespace seplflow::label {

// Instantiated for D = 2 and 5.
template <int D>
class PermutohedralLattice {
 public:
  // In units of the Gaussian's standard deviation, at most kLimit from the origin in each
  // dimension.
  using Position = std::array<double, D>;
  static constexpr double kLimit = 1e5;

  // At most 2^31 / (D + 1) points.
  PermutohedralLattice(std::size_t points, std::function<Position(std::size_t)> const& position);

  std::size_t points() const { return weights_.size() / kCorners; }
  std::size_t vertices() const { return values_.size(); }

  // Makes filter() apply `gain` * K(i, j) / sqrt(sum of K(i, .) * sum of K(j, .)) instead of the
  // kernel K. Call it at most once.
  void normalise(double gain);

  // Adds to sum[i] what point i gathers from all points, itself included. Not thread-safe, since
  // the lattice holds the values.
  void filter(std::span<Lanes const> in, std::span<Lanes> sum);

 private:
  static constexpr std::size_t kCorners = D + 1;
  class Vertices;
  void enter(std::size_t point, Position const& position, Vertices& vertices);
  void connect(Vertices const& vertices);
  void blur();

  std::vector<std::uint32_t> corners_;  // kCorners vertices of each point
  std::vector<float> weights_;          // the share of the point in each of them
  // For every direction, the vertices that have a neighbour in it, chain by chain; the first vertex
  // of a chain is marked. A blur does not change vertices without neighbours, so they are left out.
  static constexpr std::uint32_t kFirst = 1u << 31;
  std::array<std::vector<std::uint32_t>, kCorners> chains_;
  std::vector<Lanes> values_;  // of each vertex
};

extern template class PermutohedralLattice<2>;
extern template class PermutohedralLattice<5>;

}  // namespace seplflow::label
