// Colours as the renderer mixes them.
#pragma once

#include <algorithm>
#include <cmath>

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

}  // namespace seplflow::scenes
