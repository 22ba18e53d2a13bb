// The shapes that scenes are made of.
//
// Everything that decides a pixel uses + - * / and square roots only, which IEEE 754 defines to
// the last bit, so a scene is the same on every machine that does not fuse multiply and add.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <variant>

namespace seplflow::scenes {

struct Point {
  double x = 0, y = 0;
};

// left <= x <= right, top <= y <= bottom.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  Point centre() const { return {(left + right) / 2, (top + bottom) / 2}; }
};

Box hull_of(Box const& a, Box const& b);
bool meet(Box const& a, Box const& b);

// Its half axes `a` and `b` are perpendicular.
struct Ellipse {
  Point centre, a, b;
};

// The convex hull of equal circles around 2 to 6 corners in the order of a convex polygon:
// boxes, limbs and polygons, with round corners or (radius 0) sharp ones.
struct Hull {
  std::array<Point, 6> corners;
  int count = 0;
  double radius = 0;
};

// All that lies below a rolling line: level + swing * noise(x / wavelength).
struct Terrain {
  double level = 0, swing = 0, wavelength = 1;
  std::uint64_t seed = 0;

  double surface(double x) const;
};

using Shape = std::variant<Ellipse, Hull, Terrain>;

// Turns by tilt = tan(angle / 2), from x towards y: a rotation without trigonometric functions.
Point turned(Point p, double tilt);

// An ellipse with half axes rx, ry.
Shape oval(double x, double y, double rx, double ry, double tilt = 0);
Shape disc(double x, double y, double radius);
// Rounding stays inside the box.
Shape box(double left, double y0, double right, double y1, double round = 0);
Shape limb(double x0, double y0, double x1, double y1, double radius);
Shape patch(std::initializer_list<Point> corners, double round = 0);

// Where a drawing (y up) goes in a picture (y down).
struct Placement {
  Point origin;  // in the picture, of the drawing's (0, 0)
  double scale = 1;
  bool mirrored = false;
  double tilt = 0;
};

// `shape` must be no Terrain.
Shape placed(Shape const& shape, Placement const& placement);

// Terrains reach from left to right without end; their box does not.
Box bounds(Shape const& shape);

// Negative inside; exact for hulls, close near the outline for ellipses and terrains.
double signed_distance(Shape const& shape, Point p);

// The vertical cuts of one shape.
class Columns {
 public:
  explicit Columns(Shape const& shape);

  struct Cut {
    double begin, end;  // y
  };
  std::optional<Cut> at(double x) const;

 private:
  struct Segment {
    Point from, to;
  };

  std::optional<Cut> ellipse_at(double x) const;
  std::optional<Cut> hull_at(double x) const;

  Shape const& shape_;
  std::array<Segment, 12> segments_;  // of a hull: both sides of every edge
  int count_ = 0;
  double slope_ = 0, half_width2_ = 0, half_cut_ = 0;  // of an ellipse
};

}  // namespace seplflow::scenes
