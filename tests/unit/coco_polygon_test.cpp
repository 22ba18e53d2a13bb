#include "formats/json/coco_polygon.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

struct Point {
  int x, y;
};

// Every point of an edge on the grid five times as fine, from a to b.
std::vector<Point> walk(Point a, Point b) {
  bool const along_x = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  bool const backwards = along_x ? a.x > b.x : a.y > b.y;
  if (backwards) std::swap(a, b);
  int const steps = along_x ? b.x - a.x : b.y - a.y;
  double const slope = steps == 0 ? 0 : double(along_x ? b.y - a.y : b.x - a.x) / steps;
  std::vector<Point> points;
  for (int t = 0; t <= steps; ++t) {
    points.push_back(along_x ? Point{a.x + t, int(a.y + slope * t + .5)}
                             : Point{int(a.x + slope * t + .5), a.y + t});
  }
  if (backwards) std::ranges::reverse(points);
  return points;
}

// COCO's rule by walking every fine point of the outline, slowly.
Mask rasterise_slowly(Size size, std::vector<double> const& xy) {
  std::vector<Point> corners;
  for (std::size_t i = 0; i < xy.size(); i += 2) {
    corners.push_back({int(5 * xy[i] + .5), int(5 * xy[i + 1] + .5)});
  }
  std::vector<Point> outline;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    auto const edge = walk(corners[i], corners[(i + 1) % corners.size()]);
    outline.insert(outline.end(), edge.begin(), edge.end());
  }
  std::vector<std::uint32_t> ends;
  for (std::size_t i = 1; i < outline.size(); ++i) {
    auto const [from, to] = std::pair(outline[i - 1], outline[i]);
    if (from.x == to.x) continue;
    double const x = ((to.x < from.x ? to.x : to.x - 1) + .5) / 5 - .5;
    if (std::floor(x) != x || x < 0 || x > size.width - 1.) continue;
    double const y = (std::min(from.y, to.y) + .5) / 5 - .5;
    double const row = std::ceil(std::clamp(y, 0., double(size.height)));
    ends.push_back(std::uint32_t(x) * size.height + std::uint32_t(row));
  }
  std::sort(ends.begin(), ends.end());
  ends.push_back(std::uint32_t(size.pixels()));
  std::vector<std::uint32_t> counts;
  for (std::uint32_t before = 0; std::uint32_t const end : ends) {
    counts.push_back(end - before);
    before = end;
  }
  return Mask::from_counts(size, counts);
}

Mask box(Size size, std::uint32_t x0, std::uint32_t y0, std::uint32_t x1, std::uint32_t y1) {
  std::vector<Label> pixels(size.pixels());
  for (std::uint32_t y = y0; y < y1; ++y) {
    for (std::uint32_t x = x0; x < x1; ++x) pixels[y * size.width + x] = 1;
  }
  return Mask::from_runs(size, LabelMap(size, pixels).runs().runs(), 1);
}

Mask rasterise(Size size, std::vector<double> const& xy) {
  return rasterise_polygon(size, xy);
}

}  // namespace

TEST_CASE("a rectangle covers the pixels between its corners") {
  Size const size{8, 10};
  CHECK(rasterise(size, {2, 3, 7, 3, 7, 6, 2, 6}) == box(size, 2, 3, 7, 6));
  CHECK(rasterise(size, {0, 0, 10, 0, 10, 8, 0, 8}) == box(size, 0, 0, 10, 8));
}

TEST_CASE("the direction and a repeated last point of an outline do not matter") {
  Size const size{8, 10};
  Mask const mask = box(size, 2, 3, 7, 6);
  CHECK(rasterise(size, {2, 6, 7, 6, 7, 3, 2, 3}) == mask);
  CHECK(rasterise(size, {2, 3, 7, 3, 7, 6, 2, 6, 2, 3}) == mask);
}

TEST_CASE("pixels that an outline covers twice are outside") {
  Size const size{4, 4};
  CHECK(rasterise(size, {0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 4, 0, 4, 4, 0, 4}) == Mask(size));
}

TEST_CASE("an outline may extend beyond the image on every side, by any distance") {
  Size const size{8, 10};
  double const far = 2e8;
  CHECK(rasterise(size, {-far, 2, far, 2, far, 5, -far, 5}) == box(size, 0, 2, 10, 5));
  CHECK(rasterise(size, {3, -far, 6, -far, 6, far, 3, far}) == box(size, 3, 0, 6, 8));
  CHECK(rasterise(size, {20, 20, 30, 20, 30, 30}) == Mask(size));
  CHECK(rasterise(size, {-20, -20, -10, -20, -10, -30}) == Mask(size));
}

TEST_CASE("random polygons equal those of a walk over every fine point") {
  std::mt19937 random(1);
  for (int round = 0; round < 4000; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 40),
                    1 + static_cast<std::uint32_t>(random() % 40)};
    // Around the picture; on whole, tenth or arbitrary coordinates, with repeated points.
    std::uniform_real_distribution<double> coordinate(-20, 60);
    double const grid = std::array{1., 10., 1e9}[random() % 3];
    std::vector<double> xy(6 + 2 * (random() % 10));
    for (double& value : xy) value = std::round(coordinate(random) * grid) / grid;
    if (random() % 3 == 0) std::copy_n(xy.begin(), 2, xy.end() - 2);
    if (random() % 3 == 0) std::copy_n(xy.begin(), 2, xy.begin() + 2);
    REQUIRE(rasterise(size, xy) == rasterise_slowly(size, xy));
  }
}

TEST_CASE("a polygon with too few or an odd number of coordinates is refused") {
  CHECK_THROWS_WITH(rasterise({4, 4}, {}), Contains("has 0 coordinates"));
  CHECK_THROWS_WITH(rasterise({4, 4}, {0, 0, 1, 1}),
                    Contains("has 4 coordinates") && Contains("at least 3 points"));
  CHECK_THROWS_WITH(rasterise({4, 4}, {0, 0, 1, 1, 2, 2, 3}),
                    Contains("has 7 coordinates") && Contains("an even number"));
}

TEST_CASE("a polygon with a coordinate that is not finite or too large is refused") {
  double const infinity = std::numeric_limits<double>::infinity();
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(rasterise({4, 4}, {0, 0, nan, 1, 2, 2}),
                    Contains("coordinate 2 (from 0) of a polygon is nan"));
  CHECK_THROWS_WITH(rasterise({4, 4}, {0, 0, 1, 1, 2, -infinity}), Contains("is -inf"));
  CHECK_THROWS_WITH(rasterise({4, 4}, {1e300, 0, 1, 1, 2, 2}), Contains("at most 268435456"));
}

TEST_CASE("a polygon that would take far more memory than any real one is refused") {
  double const far = 2e8;
  CHECK_THROWS_WITH(rasterise({1, 1u << 28}, {0, 0, far, 1, far, 0}),
                    Contains("crosses the columns") && Contains("at most 16777216"));
}

TEST_CASE("polygons that are small one by one but not together are refused",
          "[arithmetic]") {
  // Each of three points crosses half a million columns twice.
  Size const wide{1, 1u << 19};
  std::vector<double> const triangle = {0, 0, 524288, 1, 524288, 0};
  PolygonWork work;
  int drawn = 0;
  auto const draw_all = [&] {
    for (; drawn < 100; ++drawn) rasterise_polygon(wide, triangle, work);
  };
  CHECK_THROWS_WITH(draw_all(), Contains("more than 16777216 times together"));
  CHECK(drawn == 16);
}
