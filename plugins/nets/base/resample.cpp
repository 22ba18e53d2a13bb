#include "nets/base/resample.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace seplflow::nets {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;
constexpr std::size_t kChannels = 3;

// The pixels that one pixel of the result is computed from, and their weights in fixed point.
struct Taps {
  std::size_t first = 0, count = 0;
  std::size_t weights = 0;  // index of the first weight
};

struct Kernel {
  std::vector<Taps> taps;  // for each pixel of the result
  std::vector<std::int32_t> weights;
};

// How many pixels of the larger picture a filter reaches to either side.
double reach_of(Filter filter) {
  return filter == Filter::bilinear ? 1 : 2;
}

double weight_at(Filter filter, double distance) {
  if (filter == Filter::bilinear) return distance < 1 ? 1 - distance : 0;
  constexpr double a = -0.5;
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

Kernel kernel_of(Filter filter, std::uint32_t from, std::uint32_t to) {
  double const scale = static_cast<double>(from) / to;
  double const filter_scale = std::max(scale, 1.0);
  double const support = filter_scale * reach_of(filter);
  Kernel kernel;
  std::vector<double> weights;
  for (std::uint32_t i = 0; i < to; ++i) {
    double const center = (i + 0.5) * scale;
    auto const first = static_cast<std::int64_t>(std::max(center - support + 0.5, 0.0));
    auto const end =
        std::min<std::int64_t>(static_cast<std::int64_t>(center + support + 0.5), from);
    weights.clear();
    double sum = 0;
    for (std::int64_t x = first; x < end; ++x) {
      double const distance =
          std::abs((static_cast<double>(x) - center + 0.5) * (1.0 / filter_scale));
      weights.push_back(weight_at(filter, distance));
      sum += weights.back();
    }
    kernel.taps.push_back({static_cast<std::size_t>(first), weights.size(), kernel.weights.size()});
    for (double weight : weights) {
      if (sum != 0) weight /= sum;
      double const rounding = weight < 0 ? -0.5 : 0.5;
      kernel.weights.push_back(static_cast<std::int32_t>(rounding + weight * (1 << kFractionBits)));
    }
  }
  return kernel;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Image resized_rows(Image const& image, std::uint32_t width, Filter filter) {
  Kernel const kernel = kernel_of(filter, image.size().width, width);
  Size const size{image.size().height, width};
  std::vector<std::uint8_t> pixels(kChannels * size.pixels());
  std::uint8_t* out = pixels.data();
  for (std::uint32_t y = 0; y < size.height; ++y) {
    std::uint8_t const* const row = image.rgb().data() + kChannels * y * image.size().width;
    for (Taps const& taps : kernel.taps) {
      std::int32_t red = 1 << (kFractionBits - 1), green = red, blue = red;
      std::uint8_t const* pixel = row + kChannels * taps.first;
      for (std::size_t i = 0; i < taps.count; ++i, pixel += kChannels) {
        std::int32_t const weight = kernel.weights[taps.weights + i];
        red += pixel[0] * weight;
        green += pixel[1] * weight;
        blue += pixel[2] * weight;
      }
      *out++ = rounded(red);
      *out++ = rounded(green);
      *out++ = rounded(blue);
    }
  }
  return Image(size, std::move(pixels));
}

Image resized_columns(Image const& image, std::uint32_t height, Filter filter) {
  Kernel const kernel = kernel_of(filter, image.size().height, height);
  Size const size{height, image.size().width};
  std::size_t const stride = kChannels * size.width;
  std::vector<std::uint8_t> pixels(stride * height);
  std::vector<std::int32_t> sums(stride);
  for (std::uint32_t y = 0; y < height; ++y) {
    Taps const& taps = kernel.taps[y];
    std::ranges::fill(sums, 1 << (kFractionBits - 1));
    for (std::size_t i = 0; i < taps.count; ++i) {
      std::uint8_t const* const row = image.rgb().data() + stride * (taps.first + i);
      std::int32_t const weight = kernel.weights[taps.weights + i];
      for (std::size_t x = 0; x < stride; ++x) sums[x] += row[x] * weight;
    }
    std::ranges::transform(sums, pixels.begin() + static_cast<std::ptrdiff_t>(stride * y), rounded);
  }
  return Image(size, std::move(pixels));
}

}  // namespace

Image resize_as_pillow(Image const& image, Size to, Filter filter) {
  checked_size(to.height, to.width, "a resized picture");
  Image result = image;
  if (to.width != image.size().width) result = resized_rows(result, to.width, filter);
  if (to.height != image.size().height) result = resized_columns(result, to.height, filter);
  return result;
}

std::vector<std::uint32_t> nearest_as_pillow(std::uint32_t from, std::uint32_t to) {
  double const step = static_cast<double>(from) / to;
  std::vector<std::uint32_t> pixels(to);
  double position = step * 0.5;
  for (std::uint32_t& pixel : pixels) {
    pixel = std::min(static_cast<std::uint32_t>(position), from - 1);
    position += step;
  }
  return pixels;
}

Size longest_side_size(Size size, std::uint32_t longest) {
  double const scale = static_cast<double>(longest) / std::max(size.height, size.width);
  auto const side = [&](std::uint32_t of) {
    return std::max(static_cast<std::uint32_t>(of * scale + 0.5), 1U);
  };
  return {side(size.height), side(size.width)};
}

Image cropped(Image const& image, std::uint32_t x0, std::uint32_t y0, std::uint32_t x1,
              std::uint32_t y1) {
  Size const size{y1 - y0, x1 - x0};
  if (size == image.size()) return image;
  std::vector<std::uint8_t> pixels;
  pixels.reserve(kChannels * size.pixels());
  for (std::uint32_t y = y0; y < y1; ++y) {
    auto const row = image.rgb().subspan(kChannels * (std::size_t{y} * image.size().width + x0),
                                         kChannels * size.width);
    pixels.insert(pixels.end(), row.begin(), row.end());
  }
  return Image(size, std::move(pixels));
}

}  // namespace seplflow::nets
