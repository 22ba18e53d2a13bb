#include "nets/patch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <seplflow/error.hpp>
#include "nets/base/resample.hpp"

namespace seplflow::nets {
namespace {

constexpr std::size_t kColours = 3;

// Of one pixel of the result: the two pixels that it lies between, and the weight of the second.
struct Between {
  std::uint32_t first, second;
  float weight;
};

// As cv2.resize computes it: the position in double, rounded to float.
std::vector<Between> opencv_taps(std::uint32_t from, std::uint32_t to) {
  double const scale = 1.0 / (static_cast<double>(to) / from);
  std::vector<Between> taps(to);
  for (std::uint32_t i = 0; i < to; ++i) {
    auto position = static_cast<float>((i + 0.5) * scale - 0.5);
    auto first = static_cast<std::int64_t>(std::floor(position));
    position -= static_cast<float>(first);
    if (first < 0) {
      first = 0;
      position = 0;
    }
    if (first >= static_cast<std::int64_t>(from) - 1) {
      first = from - 1;
      position = 0;
    }
    auto const tap = static_cast<std::uint32_t>(first);
    taps[i] = {tap, std::min(tap + 1, from - 1), position};
  }
  return taps;
}

std::vector<float> bilinear(Image const& image, Size to) {
  auto const columns = opencv_taps(image.size().width, to.width);
  auto const rows = opencv_taps(image.size().height, to.height);
  std::size_t const stride = kColours * to.width;
  // A row of the image at the new width, computed when it is first needed.
  std::vector<std::vector<float>> wide(image.size().height);
  auto const row_at = [&](std::uint32_t y) -> std::vector<float> const& {
    std::vector<float>& row = wide[y];
    if (!row.empty()) return row;
    row.resize(stride);
    std::uint8_t const* const from =
        image.rgb().data() + kColours * image.size().width * std::size_t{y};
    for (std::uint32_t x = 0; x < to.width; ++x) {
      Between const& tap = columns[x];
      for (std::size_t c = 0; c < kColours; ++c) {
        float const left = from[kColours * tap.first + c];
        float const right = from[kColours * tap.second + c];
        row[kColours * x + c] = left * (1 - tap.weight) + right * tap.weight;
      }
    }
    return row;
  };
  std::vector<float> result(stride * to.height);
  for (std::uint32_t y = 0; y < to.height; ++y) {
    Between const& tap = rows[y];
    float const* const above = row_at(tap.first).data();
    float const* const below = row_at(tap.second).data();
    float* const out = result.data() + stride * y;
    for (std::size_t i = 0; i < stride; ++i) {
      out[i] = above[i] * (1 - tap.weight) + below[i] * tap.weight;
    }
    // Rows above are not needed again.
    for (std::uint32_t done = y == 0 ? 0 : rows[y - 1].first; done < tap.first; ++done) {
      wide[done] = {};
    }
  }
  return result;
}

std::vector<Label> nearest(LabelMap const& labels, Size to) {
  auto const columns = nearest_as_pillow(labels.size().width, to.width);
  auto const rows = nearest_as_pillow(labels.size().height, to.height);
  std::vector<Label> result;
  result.reserve(to.pixels());
  for (std::uint32_t const y : rows) {
    auto const row = labels.row(y);
    for (std::uint32_t const x : columns) result.push_back(row[x]);
  }
  return result;
}

// What the published code makes of a colour: (value / divisor - mean) / deviation, in double. The
// mean is in the order of the network's channels.
struct Normal {
  std::array<std::size_t, 3> channels;  // of red, green, blue
  std::array<double, 3> mean, deviation;
  double divisor;
};

Normal const& normal_of(Network network) {
  static Normal const caffe{{2, 1, 0}, {104.008, 116.669, 122.675}, {1, 1, 1}, 1};
  static Normal const imagenet{{0, 1, 2}, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, 255};
  return network == Network::deeplab ? caffe : imagenet;
}

// The number that stands for padding. DeepLab pads with its mean as float32 before the mean is
// subtracted, IRN with 0 after it, PSA's AffinityNet with black before it.
float padding_of(Network network, Normal const& normal, std::size_t channel) {
  if (network == Network::irn_cam || network == Network::irn) return 0;
  double const colour =
      network == Network::deeplab ? double{static_cast<float>(normal.mean[channel])} : 0.0;
  return static_cast<float>((colour / normal.divisor - normal.mean[channel]) /
                            normal.deviation[channel]);
}

}  // namespace

Patch scaled(Image const& image, LabelMap const* labels, Size to, Resampling resampling) {
  if (labels) require_same_size(labels->size(), "the label map", image.size(), "the image");
  Patch patch;
  patch.size = to;
  patch.bottom = to.height;
  patch.right = to.width;
  patch.window.image = to;
  bool const is_same = to == image.size();
  if (!is_same && resampling == Resampling::opencv_bilinear) {
    patch.rgb = bilinear(image, to);
  } else {
    Image const resized =
        is_same ? image : resize_as_pillow(image, to, Filter::bicubic);
    patch.rgb.assign(resized.rgb().begin(), resized.rgb().end());
  }
  if (labels) patch.labels = nearest(*labels, to);
  return patch;
}

Patch cut_out(Patch const& patch, Size size, std::int64_t y, std::int64_t x) {
  // A row or column of the patch in the result.
  auto const placed = [](std::uint32_t at, std::int64_t begin, std::uint32_t extent) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(std::int64_t{at} - begin, 0, extent));
  };
  Patch result;
  result.size = size;
  result.top = placed(patch.top, y, size.height);
  result.bottom = placed(patch.bottom, y, size.height);
  result.left = placed(patch.left, x, size.width);
  result.right = placed(patch.right, x, size.width);
  result.window = patch.window;
  result.window.top += y;
  // The first column of a mirrored patch shows the last one of its part of the image.
  result.window.left +=
      patch.window.is_mirrored ? std::int64_t{patch.size.width} - x - size.width : x;
  result.rgb.assign(kColours * size.pixels(), 0);
  if (!patch.labels.empty()) result.labels.assign(size.pixels(), kIgnore);
  std::size_t const columns = result.right - result.left;
  for (std::uint32_t row = result.top; columns > 0 && row < result.bottom; ++row) {
    std::size_t const from = static_cast<std::size_t>(row + y) * patch.size.width +
                             static_cast<std::size_t>(result.left + x);
    std::size_t const to = std::size_t{row} * size.width + result.left;
    std::copy_n(patch.rgb.begin() + static_cast<std::ptrdiff_t>(kColours * from),
                kColours * columns,
                result.rgb.begin() + static_cast<std::ptrdiff_t>(kColours * to));
    if (patch.labels.empty()) continue;
    std::copy_n(patch.labels.begin() + static_cast<std::ptrdiff_t>(from), columns,
                result.labels.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return result;
}

Patch mirrored(Patch const& patch) {
  Patch result = patch;
  result.left = patch.size.width - patch.right;
  result.right = patch.size.width - patch.left;
  result.window.is_mirrored = !patch.window.is_mirrored;
  for (std::size_t y = 0; y < patch.size.height; ++y) {
    float* const row = result.rgb.data() + kColours * patch.size.width * y;
    for (std::size_t x = 0, other = patch.size.width - 1; x < other; ++x, --other) {
      std::swap_ranges(row + kColours * x, row + kColours * (x + 1), row + kColours * other);
    }
    if (result.labels.empty()) continue;
    auto const labels = result.labels.begin() + static_cast<std::ptrdiff_t>(patch.size.width * y);
    std::reverse(labels, labels + static_cast<std::ptrdiff_t>(patch.size.width));
  }
  return result;
}

std::vector<float> input_of(Patch const& patch, Network network) {
  Normal const& normal = normal_of(network);
  std::size_t const plane = patch.size.pixels();
  std::vector<float> input(3 * plane);
  for (std::size_t c = 0; c < 3; ++c) {
    float* const out = input.data() + c * plane;
    std::fill_n(out, plane, padding_of(network, normal, c));
    for (std::uint32_t y = patch.top; y < patch.bottom; ++y) {
      for (std::uint32_t x = patch.left; x < patch.right; ++x) {
        std::size_t const i = std::size_t{y} * patch.size.width + x;
        double const colour = patch.rgb[3 * i + normal.channels[c]];
        out[i] = static_cast<float>((colour / normal.divisor - normal.mean[c]) /
                                    normal.deviation[c]);
      }
    }
  }
  return input;
}

}  // namespace seplflow::nets
