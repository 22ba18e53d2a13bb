#include "resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace seplflow::cam {
namespace {

// Interpolates between a and b, rounded like torch on a CPU.
template <class T>
T between(T a, T b, T towards_b) {
  return std::fma(a, T{1} - towards_b, b * towards_b);
}

// The position of a pixel between two neighbours in a coarser map.
template <class T>
struct Between {
  std::uint32_t first, second;
  T towards_second;  // 0..1
};

// `scale` is the distance of two pixels in the coarser map, which has `coarse` of its own.
template <class T>
std::vector<Between<T>> places(std::uint32_t pixels, std::uint32_t coarse, T scale,
                               bool align_corners = false) {
  std::vector<Between<T>> places(pixels);
  for (std::uint32_t i = 0; i < pixels; ++i) {
    auto const at = static_cast<T>(i);
    T const place =
        align_corners ? at * scale : std::max(T{0}, (at + T{0.5}) * scale - T{0.5});
    auto const first = std::min(static_cast<std::uint32_t>(place), coarse - 1);
    places[i] = {first, std::min(first + 1, coarse - 1), place - static_cast<T>(first)};
  }
  return places;
}

template <class T>
std::vector<Between<T>> places_of(std::uint32_t pixels, std::uint32_t coarse, Resize mode,
                                  bool align_corners) {
  auto const ratio = static_cast<T>(coarse) / static_cast<T>(pixels);
  if (mode == Resize::bilinear) {
    if (!align_corners) return places(pixels, coarse, ratio);
    T const scale =
        pixels > 1 ? static_cast<T>(coarse - 1) / static_cast<T>(pixels - 1) : T{0};
    return places(pixels, coarse, scale, true);
  }
  std::vector<Between<T>> nearest(pixels);
  for (std::uint32_t i = 0; i < pixels; ++i) {
    auto const place = static_cast<std::uint32_t>(static_cast<T>(i) * ratio);
    nearest[i] = {std::min(place, coarse - 1), std::min(place, coarse - 1), T{0}};
  }
  return nearest;
}

// Enlarges one row of the map in width.
template <class T>
void enlarge_row(std::span<T const> row, std::vector<Between<T>> const& columns,
                 std::vector<T>& enlarged) {
  for (std::size_t x = 0; x < columns.size(); ++x) {
    auto const& [first, second, t] = columns[x];
    enlarged[x] = between(row[first], row[second], t);
  }
}

}  // namespace

Size strided_size(Size image, std::uint32_t stride) {
  return {(image.height - 1) / stride + 1, (image.width - 1) / stride + 1};
}

namespace {

template <class T>
void interpolate(std::span<T const> map, Size coarse, Size image,
                 std::vector<Between<T>> const& rows, std::vector<Between<T>> const& columns,
                 std::span<T> enlarged) {
  auto const row_of_map = [&](std::uint32_t y) {
    return map.subspan(std::size_t{y} * coarse.width, coarse.width);
  };
  std::vector<T> upper(image.width), lower(image.width);
  std::uint32_t upper_row = coarse.height, lower_row = coarse.height;  // none yet
  for (std::uint32_t y = 0; y < image.height; ++y) {
    auto const& [first, second, t] = rows[y];
    if (upper_row != first || lower_row != second) {
      if (lower_row == first) {
        std::swap(upper, lower);
      } else {
        enlarge_row(row_of_map(first), columns, upper);
      }
      enlarge_row(row_of_map(second), columns, lower);
      upper_row = first;
      lower_row = second;
    }
    T* const to = enlarged.data() + std::size_t{y} * image.width;
    for (std::size_t x = 0; x < image.width; ++x) to[x] = between(upper[x], lower[x], t);
  }
}

}  // namespace

template <class T>
void enlarge_strided(std::span<T const> map, Size image, std::uint32_t stride,
                     std::span<T> enlarged) {
  Size const coarse = strided_size(image, stride);
  T const scale = T{1} / static_cast<T>(stride);
  interpolate(map, coarse, image, places(image.height, coarse.height, scale),
              places(image.width, coarse.width, scale), enlarged);
}

template <class T>
void resize_map(std::span<T const> map, Size from, Size to, Resize mode, bool align_corners,
                std::span<T> scaled) {
  interpolate(map, from, to, places_of<T>(to.height, from.height, mode, align_corners),
              places_of<T>(to.width, from.width, mode, align_corners), scaled);
}

template void resize_map<float>(std::span<float const>, Size, Size, Resize, bool,
                                std::span<float>);
template void resize_map<double>(std::span<double const>, Size, Size, Resize, bool,
                                 std::span<double>);
template void enlarge_strided<float>(std::span<float const>, Size, std::uint32_t, std::span<float>);
template void enlarge_strided<double>(std::span<double const>, Size, std::uint32_t,
                                      std::span<double>);

namespace {

constexpr int kOne = 1 << 11;  // OpenCV's weights have 11 bits

struct Weights {
  std::uint32_t first, second;
  int of_first, of_second;  // their sum is kOne
};

std::vector<Weights> fixed_point_weights(std::uint32_t to, std::uint32_t from, bool clamp_weights) {
  std::vector<Weights> weights(to);
  double const scale = 1.0 / (static_cast<double>(to) / from);
  auto const last = static_cast<int>(from) - 1;
  for (std::uint32_t i = 0; i < to; ++i) {
    auto place = static_cast<float>((i + 0.5) * scale - 0.5);
    auto const floor = static_cast<int>(std::floor(place));
    float fraction = place - static_cast<float>(floor);
    if (clamp_weights && (floor < 0 || floor >= last)) fraction = 0;
    weights[i] = {static_cast<std::uint32_t>(std::clamp(floor, 0, last)),
                  static_cast<std::uint32_t>(std::clamp(floor + 1, 0, last)),
                  static_cast<int>(std::lrint((1.0F - fraction) * kOne)),
                  static_cast<int>(std::lrint(fraction * kOne))};
  }
  return weights;
}

}  // namespace

std::vector<std::uint8_t> resize_gray(std::span<std::uint8_t const> pixels, Size from, Size to) {
  // Beyond the border OpenCV clamps weights in width, but only rows in height.
  auto const columns = fixed_point_weights(to.width, from.width, true);
  auto const rows = fixed_point_weights(to.height, from.height, false);
  auto const enlarge = [&](std::uint32_t y, std::vector<int>& enlarged) {
    auto const row = pixels.subspan(std::size_t{y} * from.width, from.width);
    for (std::size_t x = 0; x < columns.size(); ++x) {
      Weights const& w = columns[x];
      enlarged[x] = row[w.first] * w.of_first + row[w.second] * w.of_second;
    }
  };
  std::vector<std::uint8_t> resized(to.pixels());
  std::vector<int> upper(to.width), lower(to.width);
  for (std::uint32_t y = 0; y < to.height; ++y) {
    Weights const& w = rows[y];
    if (y == 0 || w.first != rows[y - 1].first || w.second != rows[y - 1].second) {
      enlarge(w.first, upper);
      enlarge(w.second, lower);
    }
    std::uint8_t* const row = resized.data() + std::size_t{y} * to.width;
    for (std::size_t x = 0; x < to.width; ++x) {
      int const sum = (w.of_first * (upper[x] >> 4) >> 16) + (w.of_second * (lower[x] >> 4) >> 16);
      row[x] = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }
  return resized;
}

}  // namespace seplflow::cam
