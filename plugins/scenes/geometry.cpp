#include "scenes/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/random.hpp"

namespace seplflow::scenes {
namespace {

Point operator+(Point a, Point b) {
  return {a.x + b.x, a.y + b.y};
}
Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
Point operator*(Point a, double s) {
  return {a.x * s, a.y * s};
}
double dot(Point a, Point b) {
  return a.x * b.x + a.y * b.y;
}
double cross(Point a, Point b) {
  return a.x * b.y - a.y * b.x;
}
double length(Point a) {
  return std::sqrt(dot(a, a));
}

// Two corners have one edge, not a way there and one back.
int edges_of(Hull const& hull) {
  return hull.count == 2 ? 1 : hull.count;
}

double distance_to(Ellipse const& e, Point p) {
  Point const d = p - e.centre;
  double const a2 = dot(e.a, e.a), b2 = dot(e.b, e.b);
  double const u = dot(d, e.a) / a2, v = dot(d, e.b) / b2;
  double const reach = std::sqrt(u * u + v * v);
  double const slope = std::sqrt(u * u / a2 + v * v / b2);
  if (slope < 1e-9) return -std::sqrt(std::min(a2, b2));
  return reach * (reach - 1) / slope;
}

double distance_to(Hull const& hull, Point p) {
  double nearest = std::numeric_limits<double>::max();
  bool left = hull.count > 2, right = left;
  for (int i = 0; i < edges_of(hull); ++i) {
    Point const from = hull.corners[i];
    Point const edge = hull.corners[i + 1 == hull.count ? 0 : i + 1] - from;
    Point const d = p - from;
    double const along = std::clamp(dot(d, edge) / dot(edge, edge), 0.0, 1.0);
    Point const off = d - edge * along;
    nearest = std::min(nearest, dot(off, off));
    double const side = cross(edge, d);
    left = left && side >= 0;
    right = right && side <= 0;
  }
  double const distance = std::sqrt(nearest);
  return (left || right ? -distance : distance) - hull.radius;
}

}  // namespace

Box hull_of(Box const& a, Box const& b) {
  return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right),
          std::max(a.bottom, b.bottom)};
}

bool meet(Box const& a, Box const& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

double Terrain::surface(double x) const {
  if (swing == 0) return level;
  return level + swing * Noise(seed).rough_at(x / wavelength, 0);
}

Point turned(Point p, double tilt) {
  double const cosine = (1 - tilt * tilt) / (1 + tilt * tilt);
  double const sine = 2 * tilt / (1 + tilt * tilt);
  return {p.x * cosine - p.y * sine, p.x * sine + p.y * cosine};
}

Shape oval(double x, double y, double rx, double ry, double tilt) {
  return Ellipse{{x, y}, turned({rx, 0}, tilt), turned({0, ry}, tilt)};
}

Shape disc(double x, double y, double radius) {
  return oval(x, y, radius, radius);
}

Shape box(double left, double y0, double right, double y1, double round) {
  return patch({{left + round, y0 + round},
                {right - round, y0 + round},
                {right - round, y1 - round},
                {left + round, y1 - round}},
               round);
}

Shape limb(double x0, double y0, double x1, double y1, double radius) {
  return patch({{x0, y0}, {x1, y1}}, radius);
}

Shape patch(std::initializer_list<Point> corners, double round) {
  Hull hull;
  for (Point const corner : corners) hull.corners[hull.count++] = corner;
  hull.radius = round;
  return hull;
}

Shape placed(Shape const& shape, Placement const& placement) {
  auto const direction = [&](Point p) {
    Point const q = turned(p, placement.tilt);
    return Point{q.x * (placement.mirrored ? -placement.scale : placement.scale),
                 -q.y * placement.scale};
  };
  if (auto const* const e = std::get_if<Ellipse>(&shape)) {
    return Ellipse{placement.origin + direction(e->centre), direction(e->a), direction(e->b)};
  }
  Hull hull = std::get<Hull>(shape);
  for (Point& corner : hull.corners) corner = placement.origin + direction(corner);
  hull.radius *= placement.scale;
  return hull;
}

Box bounds(Shape const& shape) {
  if (auto const* const e = std::get_if<Ellipse>(&shape)) {
    double const half_width = std::sqrt(e->a.x * e->a.x + e->b.x * e->b.x);
    double const half_height = std::sqrt(e->a.y * e->a.y + e->b.y * e->b.y);
    return {e->centre.x - half_width, e->centre.y - half_height, e->centre.x + half_width,
            e->centre.y + half_height};
  }
  if (auto const* const hull = std::get_if<Hull>(&shape)) {
    Point const first = hull->corners[0];
    Box box{first.x, first.y, first.x, first.y};
    for (int i = 1; i < hull->count; ++i) {
      Point const corner = hull->corners[i];
      box = hull_of(box, {corner.x, corner.y, corner.x, corner.y});
    }
    return {box.left - hull->radius, box.top - hull->radius, box.right + hull->radius,
            box.bottom + hull->radius};
  }
  constexpr double kFar = 1e9;
  auto const& terrain = std::get<Terrain>(shape);
  return {-kFar, terrain.level - terrain.swing, kFar, kFar};
}

double signed_distance(Shape const& shape, Point p) {
  if (auto const* const e = std::get_if<Ellipse>(&shape)) return distance_to(*e, p);
  if (auto const* const hull = std::get_if<Hull>(&shape)) return distance_to(*hull, p);
  return std::get<Terrain>(shape).surface(p.x) - p.y;
}

Columns::Columns(Shape const& shape) : shape_(shape) {
  if (auto const* const e = std::get_if<Ellipse>(&shape)) {
    double const xy = e->a.x * e->a.y + e->b.x * e->b.y;
    half_width2_ = e->a.x * e->a.x + e->b.x * e->b.x;
    slope_ = xy / half_width2_;
    half_cut_ = std::sqrt(std::max(0.0, e->a.y * e->a.y + e->b.y * e->b.y - xy * slope_));
  } else if (auto const* const hull = std::get_if<Hull>(&shape)) {
    for (int i = 0; i < edges_of(*hull); ++i) {
      Point const from = hull->corners[i];
      Point const to = hull->corners[i + 1 == hull->count ? 0 : i + 1];
      Point const edge = to - from;
      Point const out = Point{-edge.y, edge.x} * (hull->radius / length(edge));
      segments_[count_++] = {from + out, to + out};
      segments_[count_++] = {from - out, to - out};
    }
  }
}

std::optional<Columns::Cut> Columns::at(double x) const {
  if (std::holds_alternative<Ellipse>(shape_)) return ellipse_at(x);
  if (std::holds_alternative<Hull>(shape_)) return hull_at(x);
  return Cut{std::get<Terrain>(shape_).surface(x), std::numeric_limits<double>::max()};
}

std::optional<Columns::Cut> Columns::ellipse_at(double x) const {
  auto const& e = std::get<Ellipse>(shape_);
  double const dx = x - e.centre.x;
  double const rest = half_width2_ - dx * dx;
  if (!(rest > 0)) return std::nullopt;
  double const middle = e.centre.y + slope_ * dx;
  double const half = half_cut_ * std::sqrt(rest / half_width2_);
  return Cut{middle - half, middle + half};
}

std::optional<Columns::Cut> Columns::hull_at(double x) const {
  auto const& hull = std::get<Hull>(shape_);
  constexpr double kFar = std::numeric_limits<double>::max();
  Cut cut{kFar, -kFar};
  for (int i = 0; i < hull.count && hull.radius > 0; ++i) {
    double const dx = x - hull.corners[i].x;
    double const rest = hull.radius * hull.radius - dx * dx;
    if (rest < 0) continue;
    double const half = std::sqrt(rest);
    cut.begin = std::min(cut.begin, hull.corners[i].y - half);
    cut.end = std::max(cut.end, hull.corners[i].y + half);
  }
  for (int i = 0; i < count_; ++i) {
    auto const [from, to] = segments_[i];
    if ((from.x < x) == (to.x < x)) continue;
    double const y = from.y + (x - from.x) / (to.x - from.x) * (to.y - from.y);
    cut.begin = std::min(cut.begin, y);
    cut.end = std::max(cut.end, y);
  }
  if (cut.begin >= cut.end) return std::nullopt;
  return cut;
}

}  // namespace seplflow::scenes
