#include "core/mask_logits.hpp"

#include <algorithm>
#include <array>

#include <seplflow/runs.hpp>

namespace seplflow::sam {

// Like torch 1.13's bilinear interpolation without align_corners on a CPU: the scale is float32,
// positions are float64. Returns `used` pixels of the result.
MaskLogits::Axis MaskLogits::axis(std::uint32_t from, std::uint32_t to, std::uint32_t used) {
  double const scale = static_cast<float>(from) / static_cast<float>(to);
  Axis axis;
  axis.reserve(used);
  for (std::uint32_t i = 0; i < used; ++i) {
    double const place = std::max((i + 0.5) * scale - 0.5, 0.0);
    std::uint32_t const first = std::min(static_cast<std::uint32_t>(place), from - 1);
    auto const weight = static_cast<float>(place - first);
    axis.push_back({first, std::min(first + 1, from - 1), 1 - weight, weight});
  }
  return axis;
}

MaskLogits::MaskLogits(Scaling const& scaling)
    : scaling_(scaling),
      across_{axis(scaling.side, scaling.image_size, scaling.resized.width),
              axis(scaling.resized.width, scaling.original.width, scaling.original.width)},
      down_{axis(scaling.side, scaling.image_size, scaling.resized.height),
            axis(scaling.resized.height, scaling.original.height, scaling.original.height)} {}

void MaskLogits::mix(std::span<float const> first, std::span<float const> second,
                     Between const& between, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = between.weight1 * first[i] + between.weight2 * second[i];
  }
}

// Rows of logits, scaled to the width of the image.
std::vector<float> MaskLogits::widened(std::span<float const> logits) const {
  std::uint32_t const rows = down_.to_image.back().second + 1;
  std::vector<float> out(std::size_t{rows} * scaling_.original.width), row(across_.to_image.size());
  auto const along = [](Axis const& axis, float const* from, float* to) {
    for (Between const& each : axis) {
      *to++ = each.weight1 * from[each.first] + each.weight2 * from[each.second];
    }
  };
  for (std::uint32_t y = 0; y < rows; ++y) {
    along(across_.to_image, logits.data() + std::size_t{y} * scaling_.side, row.data());
    along(across_.to_picture, row.data(), out.data() + std::size_t{y} * scaling_.original.width);
  }
  return out;
}

std::optional<ScoredMask> MaskLogits::mask(std::span<float const> logits, double offset,
                                           std::optional<double> least) const {
  std::size_t const width = scaling_.original.width;
  std::vector<float> const wide = widened(logits);
  auto const wide_row = [&](std::uint32_t y) { return std::span(wide).subspan(y * width, width); };

  // The two rows of the model's image that the last row of the image was mixed from.
  std::array<std::vector<float>, 2> image_rows{std::vector<float>(width),
                                               std::vector<float>(width)};
  std::array<std::int64_t, 2> numbers{-1, -1};
  auto const image_row = [&](std::uint32_t y) -> std::vector<float> const& {
    std::vector<float>& row = image_rows[y % 2];
    if (numbers[y % 2] != y) {
      Between const& between = down_.to_image[y];
      mix(wide_row(between.first), wide_row(between.second), between, row);
      numbers[y % 2] = y;
    }
    return row;
  };

  auto const high = static_cast<float>(offset), low = static_cast<float>(-offset);
  std::vector<float> row(width);
  std::vector<std::uint8_t> inside(width);
  std::uint32_t above_high = 0, above_low = 0;
  ColumnRunScanner scanner(scaling_.original);
  for (Between const& between : down_.to_picture) {
    mix(image_row(between.first), image_row(between.second), between, row);
    for (std::size_t x = 0; x < width; ++x) {
      inside[x] = row[x] > 0;
      above_high += row[x] > high;
      above_low += row[x] > low;
    }
    scanner.add_row(inside);
  }
  float const stability = static_cast<float>(above_high) / static_cast<float>(above_low);
  if (least && !(stability >= static_cast<float>(*least))) return std::nullopt;
  return ScoredMask{Mask::from_runs(scaling_.original, scanner.finish(), 1), stability};
}

Mask uncropped(Mask const& mask, Crop const& crop, Size image) {
  if (crop.size() == image) return mask;
  std::uint32_t const height = mask.size().height;
  std::vector<std::uint32_t> counts;
  std::uint32_t end = 0;  // of the pixels counted so far
  auto const add = [&](std::uint32_t begin, std::uint32_t length) {
    counts.push_back(begin - end);
    counts.push_back(length);
    end = begin + length;
  };
  auto const bounds = mask.bounds();
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    for (std::uint32_t at = bounds[i]; at < bounds[i + 1];) {
      std::uint32_t const x = at / height, y = at % height;
      std::uint32_t const length = std::min(height - y, bounds[i + 1] - at);
      add((crop.x0 + x) * image.height + crop.y0 + y, length);
      at += length;
    }
  }
  counts.push_back(static_cast<std::uint32_t>(image.pixels()) - end);
  return Mask::from_counts(image, counts);
}

}  // namespace seplflow::sam
