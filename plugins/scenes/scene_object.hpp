// What stands in a scene: objects of a class, and the backdrop, all made of parts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <seplflow/label_map.hpp>
#include "common/random.hpp"
#include "scenes/geometry.hpp"

namespace seplflow::scenes {

// Red, green, blue in 0..1, in sRGB's own scale: mixed as painters mix, not as light adds up.
struct Colour {
  float r = 0, g = 0, b = 0;
};

inline Colour operator*(Colour c, float s) {
  return {c.r * s, c.g * s, c.b * s};
}

inline Colour mixed(Colour a, Colour b, float share_of_b) {
  return {a.r + (b.r - a.r) * share_of_b, a.g + (b.g - a.g) * share_of_b,
          a.b + (b.b - a.b) * share_of_b};
}

inline Colour lighter(Colour c, float share) {
  return mixed(c, {1, 1, 1}, share);
}
// Towards a cool near-black, which looks less dirty than black.
inline Colour darker(Colour c, float share) {
  return mixed(c, {0.07f, 0.06f, 0.12f}, share);
}

// Hue 0..1 (red, yellow, green, cyan, blue, magenta), any hue wraps round; the others 0..1.
inline Colour hsl(double hue, double saturation, double lightness) {
  hue -= static_cast<int>(hue);
  if (hue < 0) hue += 1;
  double const chroma = (1 - std::abs(2 * lightness - 1)) * saturation;
  auto const channel = [&](double shift) {
    double t = hue + shift;
    t -= static_cast<int>(t);
    double const ramp = std::clamp(std::abs(t * 6 - 3) - 1, 0.0, 1.0);
    return static_cast<float>(lightness + chroma * (ramp - 0.5));
  };
  return {channel(0), channel(2.0 / 3), channel(1.0 / 3)};
}

enum class Finish : std::uint8_t {
  // of objects
  plain,
  glossy,
  woolly,
  striped,
  spotted,
  leafy,
  glass,
  // of the backdrop
  sky,
  glow,
  cloud,
  earth,
  water,
  wall,
  planks,
  shadow
};

// A gradient from `top` to `bottom` over the height of the shape.
struct Paint {
  Paint(Colour colour, Finish finish_ = Finish::plain)
      : top(lighter(colour, 0.1f)), bottom(darker(colour, 0.16f)), finish(finish_) {}
  constexpr Paint(Colour top_, Colour bottom_, Finish finish_)
      : top(top_), bottom(bottom_), finish(finish_) {}

  Colour top, bottom;
  Finish finish;
};

// The parts of a thing come back to front, each followed by its own sub-parts.
struct Part {
  Shape shape;
  Paint paint;
  int depth = 0;        // 0 part, 1 sub-part, 2 detail
  double salience = 0;  // of parts: how much a classifier looks at them, 0..1
};

struct Thing {
  Label label = kBackground;
  std::vector<Part> parts;
  Box box;           // around all parts, pixels
  int first_id = 0;  // its parts are first_id, first_id + 1, ... in the scene's partition
};

// The index after part i and its sub-parts.
std::size_t end_of_group(std::vector<Part> const& parts, std::size_t i);

// Collects the parts of one thing, in its own units, y up, the ground at 0.
class Drawing {
 public:
  void part(double salience, Shape const& shape, Paint const& paint) {
    parts_.push_back({shape, paint, 0, salience});
  }
  void sub(Shape const& shape, Paint const& paint) { parts_.push_back({shape, paint, 1, 0}); }
  void detail(Shape const& shape, Paint const& paint) { parts_.push_back({shape, paint, 2, 0}); }

  Box extent() const;
  Thing placed_at(Placement const& placement, Label label) const;

 private:
  std::vector<Part> parts_;
};

// Where things of a class are found.
enum class Habitat : std::uint8_t { air, land, water, house, anywhere };

class Artist;

struct Kind {
  void (Artist::*draw)();
  Habitat habitat;
  double size;  // relative to the other kinds
  double hue, saturation, lightness;
};

// What objects of a class look like. Classes 1..20 are the classes of PASCAL VOC in their order
// (1 aeroplane ... 20 tvmonitor); further ones repeat their shapes.
constexpr int kKinds = 20;
Kind const& kind_of(Label label);

// An object of the class, in colours a little different from object to object.
Drawing draw_object(Label label, Random& random);

}  // namespace seplflow::scenes
