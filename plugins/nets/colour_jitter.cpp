#include "nets/colour_jitter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace seplflow::nets {
namespace {

using Colour = std::array<std::uint8_t, 3>;

// A colour as PIL makes it grey.
std::uint8_t grey_of(Colour const& rgb) {
  return static_cast<std::uint8_t>(
      (rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

// PIL.Image.blend: `base` for 0, `full` for 1, clipped beyond.
std::uint8_t blended(int base, int full, float factor) {
  float const value =
      static_cast<float>(base) + factor * static_cast<float>(full - base);
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

// PIL's conversion to HSV, whose numbers are in single and double precision as in its C code.
Colour hsv_of(Colour const& rgb) {
  auto const [red, green, blue] = rgb;
  std::uint8_t const most = std::max({red, green, blue}), least = std::min({red, green, blue});
  if (least == most) return {0, 0, most};
  auto const range = static_cast<float>(most - least);
  auto const below = [&](std::uint8_t value) { return static_cast<float>(most - value) / range; };
  float hue;
  if (red == most) {
    hue = below(blue) - below(green);
  } else if (green == most) {
    hue = static_cast<float>(2.0 + below(red) - below(blue));
  } else {
    hue = static_cast<float>(4.0 + below(green) - below(red));
  }
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  float const saturation = range / static_cast<float>(most);
  auto const byte = [](double share) {
    return static_cast<std::uint8_t>(std::clamp(static_cast<int>(share * 255.0), 0, 255));
  };
  return {byte(hue), byte(saturation), most};
}

Colour rgb_of(Colour const& hsv) {
  // No structured binding: clang 14 cannot capture one in a lambda.
  std::uint8_t const hue = hsv[0], saturation = hsv[1], value = hsv[2];
  if (saturation == 0) return {value, value, value};
  double const sixth = static_cast<double>(static_cast<float>(hue)) * 6.0 / 255.0;
  auto const part = static_cast<int>(std::floor(sixth));
  auto const rest = static_cast<float>(sixth - static_cast<double>(static_cast<float>(part)));
  auto const share = static_cast<float>(static_cast<float>(saturation) / 255.0);
  auto const byte = [&](double factor) {
    double const rounded = std::round(static_cast<double>(static_cast<float>(value)) * factor);
    return static_cast<std::uint8_t>(std::clamp(static_cast<int>(rounded), 0, 255));
  };
  std::uint8_t const low = byte(1.0 - share);
  std::uint8_t const falling = byte(1.0 - static_cast<double>(share * rest));
  std::uint8_t const rising = byte(1.0 - share * (1.0 - rest));
  switch (part % 6) {
    case 0:
      return {value, rising, low};
    case 1:
      return {falling, value, low};
    case 2:
      return {low, value, rising};
    case 3:
      return {low, falling, value};
    case 4:
      return {rising, low, value};
    default:
      return {value, low, falling};
  }
}

template <class F>
Image each_colour(Image const& image, F const& f) {
  std::vector<std::uint8_t> rgb(image.rgb().begin(), image.rgb().end());
  for (std::size_t i = 0; i + 2 < rgb.size(); i += 3) {
    Colour const changed = f(Colour{rgb[i], rgb[i + 1], rgb[i + 2]});
    std::copy(changed.begin(), changed.end(), rgb.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return Image(image.size(), std::move(rgb));
}

// The mean of the grey image, rounded.
int mean_grey(Image const& image) {
  std::uint64_t sum = 0;
  auto const rgb = image.rgb();
  for (std::size_t i = 0; i + 2 < rgb.size(); i += 3) {
    sum += grey_of({rgb[i], rgb[i + 1], rgb[i + 2]});
  }
  return static_cast<int>(
      static_cast<double>(sum) / static_cast<double>(image.size().pixels()) + 0.5);
}

}  // namespace

Image adjusted(Image const& image, Adjustment adjustment, double factor) {
  if (adjustment == Adjustment::hue) {
    // A hue is a byte, and the change is truncated to one.
    auto const turn = static_cast<std::uint8_t>(static_cast<int>(factor * 255));
    return each_colour(image, [&](Colour const& rgb) {
      Colour hsv = hsv_of(rgb);
      hsv[0] = static_cast<std::uint8_t>(hsv[0] + turn);
      return rgb_of(hsv);
    });
  }
  int const grey = adjustment == Adjustment::contrast ? mean_grey(image) : 0;
  auto const single = static_cast<float>(factor);
  return each_colour(image, [&](Colour const& rgb) {
    int const base = adjustment == Adjustment::saturation ? grey_of(rgb) : grey;
    return Colour{blended(base, rgb[0], single), blended(base, rgb[1], single),
                  blended(base, rgb[2], single)};
  });
}

}  // namespace seplflow::nets
