#include "formats/json/coco_segmentation.hpp"

#include <vector>

#include <seplflow/error.hpp>
#include "formats/json/coco_polygon.hpp"
#include "support/catch.hpp"

using namespace seplflow;

namespace {

constexpr Size kSize{8, 10};

Mask drawn(std::vector<Polygon> const& polygons) {
  return rasterise_polygons(kSize, polygons);
}

}  // namespace

TEST_CASE("the polygons of a segmentation are united") {
  Polygon const left = {1, 1, 4, 1, 4, 5, 1, 5}, right = {3, 2, 8, 2, 8, 7, 3, 7};
  CHECK(drawn({left, right}) ==
        united(rasterise_polygon(kSize, left), rasterise_polygon(kSize, right)));
  CHECK(drawn({}) == Mask(kSize));
}

TEST_CASE("if the first polygon has 4 numbers, all are boxes x, y, width, height") {
  Mask const box = rasterise_polygon(kSize, std::vector<double>{2, 3, 2, 5, 6, 5, 6, 3});
  CHECK(box.area() == 8);
  CHECK(drawn({{2, 3, 4, 2}}) == box);
  CHECK(drawn({{2, 3, 4, 2}, {0, 0, 1, 1}}).area() == 9);
  CHECK_THROWS_WITH(
      drawn({{2, 3, 4, 2}, {0, 0, 1, 1, 2, 0}}),
      Contains("the first polygon has 4 numbers, which is a box, and another one has 6"));
}

TEST_CASE("after the first, a polygon of one or two points has no pixels") {
  Polygon const triangle = {1, 1, 9, 1, 5, 7};
  Mask const mask = rasterise_polygon(kSize, triangle);
  CHECK(drawn({triangle, {0, 0, 9, 7}}) == mask);
  CHECK(drawn({triangle, {3, 7}}) == mask);
  CHECK(drawn({triangle, {}}) == mask);
}

TEST_CASE("polygons that pycocotools does not draw, or draws only partly, are refused") {
  CHECK_THROWS_WITH(drawn({{1, 2}}), Contains("has 2 coordinates"));
  CHECK_THROWS_WITH(drawn({{}}), Contains("has 0 coordinates"));
  CHECK_THROWS_WITH(drawn({{1, 1, 9, 1, 5, 7, 3}}), Contains("has 7 coordinates"));
  CHECK_THROWS_WITH(drawn({{1, 1, 9, 1, 5, 7}, {1, 2, 3}}), Contains("has 3 coordinates"));
}
