#include "nets/random_walk.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace seplflow::nets {
namespace {

constexpr std::int64_t kIrnRadius = 5;

// The pixels of a row that have a pixel at an offset to the right (or left).
struct Columns {
  std::size_t begin, end;
};

Columns columns_with(std::int64_t right, Size size) {
  std::int64_t const width = size.width;
  auto const clamped = [&](std::int64_t x) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(x, 0, width));
  };
  return {clamped(-right), clamped(width - right)};
}

// Calls f(first pixel, pixel at the offset, number of pixels) for each run of pairs in a row.
template <class F>
void for_each_row(Offset const& offset, Size size, F const& f) {
  auto const [begin, end] = columns_with(offset.right, size);
  if (begin >= end) return;
  auto const down = static_cast<std::size_t>(offset.down);
  for (std::size_t y = 0; y + down < size.height; ++y) {
    std::size_t const first = y * size.width + begin;
    auto const second = static_cast<std::size_t>(
        static_cast<std::int64_t>((y + down) * size.width + begin) + offset.right);
    f(first, second, end - begin);
  }
}

class Walk {
 public:
  Walk(Affinities affinities, double beta) : affinities_(std::move(affinities)) {
    auto const power = static_cast<float>(beta);
    for (float& value : affinities_.values) value = std::pow(value, power);
    std::vector<double> sums(affinities_.size.pixels(), 1);
    for (std::size_t k = 0; k < affinities_.offsets.size(); ++k) {
      auto const plane = affinities_.plane(k);
      for_each_row(affinities_.offsets[k], affinities_.size,
                   [&](std::size_t first, std::size_t second, std::size_t count) {
                     for (std::size_t i = 0; i < count; ++i) {
                       sums[first + i] += plane[first + i];
                       sums[second + i] += plane[first + i];
                     }
                   });
    }
    for (double const sum : sums) scale_.push_back(static_cast<float>(1 / sum));
  }

  // `after` becomes the scores a step after `before`.
  void step(std::span<float const> before, std::span<float> after) {
    std::ranges::copy(before, after.begin());
    for (std::size_t k = 0; k < affinities_.offsets.size(); ++k) {
      float const* const plane = affinities_.plane(k).data();
      for_each_row(
          affinities_.offsets[k], affinities_.size,
          [&](std::size_t first, std::size_t second, std::size_t count) {
            add_products(plane + first, before.data() + second, after.data() + first, count);
            add_products(plane + first, before.data() + first, after.data() + second, count);
          });
    }
    for (std::size_t i = 0; i < after.size(); ++i) after[i] *= scale_[i];
  }

 private:
  static void add_products(float const* __restrict weights, float const* __restrict from,
                           float* __restrict to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] += weights[i] * from[i];
  }

  Affinities affinities_;
  std::vector<float> scale_;
};

}  // namespace

std::vector<Offset> pair_offsets(std::int64_t radius) {
  std::vector<Offset> offsets;
  for (std::int64_t x = 1; x < radius; ++x) offsets.push_back({0, x});
  for (std::int64_t y = 1; y < radius; ++y) {
    for (std::int64_t x = 1 - radius; x < radius; ++x) {
      if (x * x + y * y < radius * radius) offsets.push_back({y, x});
    }
  }
  return offsets;
}

std::vector<Offset> path_to(Offset const& end) {
  std::vector<Offset> path;
  std::int64_t const length = end.down * end.down + end.right * end.right;
  std::int64_t const step = end.right < 0 ? -1 : 1;
  for (std::int64_t y = 0; y <= end.down; ++y) {
    for (std::int64_t x = 0; x != end.right + step; x += step) {
      std::int64_t const beside = end.down * x - end.right * y;
      if (beside * beside < length) path.push_back({y, x});
    }
  }
  return path;
}

Affinities affinities_of_boundaries(std::span<float const> boundaries, Size size) {
  Affinities made{size, pair_offsets(kIrnRadius), {}};
  made.values.resize(made.offsets.size() * size.pixels());
  for (std::size_t k = 0; k < made.offsets.size(); ++k) {
    auto const plane = made.plane(k);
    auto const path = path_to(made.offsets[k]);
    for_each_row(made.offsets[k], size, [&](std::size_t first, std::size_t, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        float largest = 0;
        for (Offset const& at : path) {
          auto const pixel = static_cast<std::int64_t>(first + i) + at.down * size.width + at.right;
          largest = std::max(largest, boundaries[static_cast<std::size_t>(pixel)]);
        }
        plane[first + i] = 1 - largest;
      }
    });
  }
  return made;
}

std::vector<float> random_walk(std::vector<float> scores, Affinities affinities,
                               WalkOptions const& options) {
  std::size_t const pixels = affinities.size.pixels();
  Walk walk(std::move(affinities), options.beta);
  std::vector<float> other(pixels);
  for (std::size_t begin = 0; begin < scores.size(); begin += pixels) {
    auto const plane = std::span(scores).subspan(begin, pixels);
    for (std::uint64_t i = 0; i < std::uint64_t{1} << options.times; i += 2) {
      walk.step(plane, other);
      if (i + 1 == std::uint64_t{1} << options.times) {
        std::ranges::copy(other, plane.begin());
      } else {
        walk.step(other, plane);
      }
    }
  }
  return scores;
}

}  // namespace seplflow::nets
