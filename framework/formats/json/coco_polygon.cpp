#include "formats/json/coco_polygon.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"

namespace seplflow {
namespace {

// The outline is traced on a grid of kFine x kFine points per pixel. Column x is crossed by a step
// between the fine columns kFine * x + 2 and kFine * x + 3: the two around its centre line.
constexpr std::int64_t kFine = 5;
constexpr std::int64_t kBefore = 2;
constexpr std::size_t kMaxCrossings = std::size_t{1} << 24;

struct Point {
  std::int64_t x, y;
};

// Rounds as a C cast after adding a half, so towards 0 for negative values, which decides pixels on
// the upper edge.
std::int64_t rounded(double value) {
  return static_cast<std::int64_t>(value + .5);
}

// An edge on the fine grid, from the end with the smaller coordinate along its longer axis.
struct Edge {
  Edge(Point a, Point b) : begin(a), end(b) {
    along_x = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
    if (along_x ? a.x > b.x : a.y > b.y) std::swap(begin, end);
    steps = along_x ? end.x - begin.x : end.y - begin.y;
    auto const rise = static_cast<double>(along_x ? end.y - begin.y : end.x - begin.x);
    slope = steps == 0 ? 0 : rise / static_cast<double>(steps);
  }

  // The coordinate across the longer axis after `step` steps.
  std::int64_t across(std::int64_t step) const {
    auto const origin = static_cast<double>(along_x ? begin.y : begin.x);
    return rounded(origin + slope * static_cast<double>(step));
  }

  // The smaller fine y of the two points between which the edge passes from fine column u to
  // u + 1; both columns lie within the edge.
  std::int64_t crossing(std::int64_t u) const;

  Point begin, end;
  bool along_x;
  std::int64_t steps;
  double slope;
};

std::int64_t Edge::crossing(std::int64_t u) const {
  if (along_x) return std::min(across(u - begin.x), across(u + 1 - begin.x));
  // across() is monotone: find the last step on this side.
  bool const rising = slope > 0;
  std::int64_t low = 0, high = steps;
  while (high - low > 1) {
    std::int64_t const middle = low + (high - low) / 2;
    bool const before = rising ? across(middle) <= u : across(middle) > u;
    (before ? low : high) = middle;
  }
  return begin.y + low;
}

// The columns of the image that the edge crosses, [first, last); none when first >= last.
struct Columns {
  std::int64_t first, last;
};

Columns crossed_columns(Point a, Point b, Size size) {
  auto const [low, high] = std::minmax(a.x, b.x);
  // The fine columns of both sides of the centre line must lie in low..high.
  std::int64_t const first = low <= kBefore ? 0 : (low - kBefore + kFine - 1) / kFine;
  std::int64_t const last = high <= kBefore ? 0 : (high - kBefore - 1) / kFine + 1;
  return {first, std::min<std::int64_t>(last, size.width)};
}

std::uint32_t position(std::int64_t column, std::int64_t fine_y, Size size) {
  double const y = (static_cast<double>(fine_y) + .5) / static_cast<double>(kFine) - .5;
  double const row = std::ceil(std::clamp(y, 0., static_cast<double>(size.height)));
  return static_cast<std::uint32_t>(column) * size.height + static_cast<std::uint32_t>(row);
}

std::vector<Point> fine_points(std::span<double const> xy) {
  if (xy.size() < 6 || xy.size() % 2 != 0) {
    throw Error("a polygon has " + std::to_string(xy.size()) +
                " coordinates; expected x, y of at least 3 points: an even number, 6 or more");
  }
  std::vector<Point> points;
  points.reserve(xy.size() / 2);
  for (std::size_t i = 0; i < xy.size(); ++i) {
    if (!(std::abs(xy[i]) <= static_cast<double>(kMaxPixels))) {
      throw Error("coordinate " + std::to_string(i) + " (from 0) of a polygon is " +
                  shortest(xy[i]) + "; expected a number of at most " + std::to_string(kMaxPixels) +
                  " on either side of 0");
    }
    std::int64_t const fine = rounded(static_cast<double>(kFine) * xy[i]);
    if (i % 2 == 0) {
      points.push_back({fine, 0});
    } else {
      points.back().y = fine;
    }
  }
  return points;
}

// Calls f(a, b) for each edge of the closed outline.
template <class F>
void for_each_edge(std::span<Point const> points, F const& f) {
  for (std::size_t i = 0; i < points.size(); ++i) f(points[i], points[(i + 1) % points.size()]);
}

// Where the outline crosses columns, as column-major positions in the order of the outline.
std::vector<std::uint32_t> crossings(std::span<Point const> points, Size size, PolygonWork& work) {
  std::size_t count = 0;
  for_each_edge(points, [&](Point a, Point b) {
    auto const [first, last] = crossed_columns(a, b, size);
    count += static_cast<std::size_t>(std::max<std::int64_t>(last - first, 0));
  });
  if (count > kMaxCrossings) {
    throw Error("the outline of a polygon crosses the columns of an image of " + to_string(size) +
                " (height x width) " + std::to_string(count) + " times; expected at most " +
                std::to_string(kMaxCrossings));
  }
  work.crossings += count;
  if (work.crossings > kMaxCrossings) {
    throw Error("the polygons of an image of " + to_string(size) +
                " (height x width) cross its columns more than " + std::to_string(kMaxCrossings) +
                " times together, which no real outlines do");
  }
  std::vector<std::uint32_t> positions;
  positions.reserve(count + 1);
  for_each_edge(points, [&](Point a, Point b) {
    auto const [first, last] = crossed_columns(a, b, size);
    Edge const edge(a, b);
    for (std::int64_t x = first; x < last; ++x) {
      positions.push_back(position(x, edge.crossing(kFine * x + kBefore), size));
    }
  });
  return positions;
}

}  // namespace

Mask rasterise_polygon(Size size, std::span<double const> xy, PolygonWork& work) {
  std::vector<std::uint32_t> ends = crossings(fine_points(xy), size, work);
  std::ranges::sort(ends);
  ends.push_back(static_cast<std::uint32_t>(size.pixels()));
  // Crossings alternate between entering and leaving; two at the same position give an empty run.
  std::vector<std::uint32_t> counts(ends.size());
  std::adjacent_difference(ends.begin(), ends.end(), counts.begin());
  return Mask::from_counts(size, counts);
}

}  // namespace seplflow
