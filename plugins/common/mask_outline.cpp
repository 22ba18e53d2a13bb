#include "common/mask_outline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "common/random.hpp"

namespace seplflow {
namespace {

// The mask whose runs begin at begin_of(begin) and end at end_of(end), without overlaps.
template <class BeginOf, class EndOf>
Mask with_moved_bounds(Mask const& mask, BeginOf const& begin_of, EndOf const& end_of) {
  std::span<std::uint32_t const> const bounds = mask.bounds();
  std::vector<Run> runs;
  runs.reserve(bounds.size());
  std::uint32_t covered = 0;
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t const begin = std::max(begin_of(bounds[i]), covered);
    std::uint32_t const end = end_of(bounds[i + 1]);
    if (begin >= end) continue;
    runs.push_back({begin, 0});
    runs.push_back({end, 1});
    covered = end;
  }
  return Mask::from_runs(mask.size(), runs, 1);
}

Mask complement(Mask const& mask) {
  std::array const all{std::uint32_t{0}, static_cast<std::uint32_t>(mask.size().pixels())};
  return without(Mask::from_counts(mask.size(), all), mask);
}

Mask from_strips(Size size, std::span<Strip const> strips) {
  std::vector<Run> runs;
  runs.reserve(2 * strips.size());
  for (auto const& [begin, end] : strips) {
    runs.push_back({begin, 0});
    runs.push_back({end, 1});
  }
  return Mask::from_runs(size, runs, 1);
}

std::vector<Strip> strips_of(Mask const& mask) {
  std::vector<Strip> strips;
  for (std::size_t i = 0; i < mask.bounds().size(); i += 2) {
    append_strips(strips, mask.bounds()[i], mask.bounds()[i + 1], mask.size().height);
  }
  return strips;
}

// Grown up and down only.
Mask heightened(Mask const& mask, std::uint32_t by) {
  std::uint32_t const height = mask.size().height;
  auto const up = [&](std::uint32_t begin) { return begin - std::min(by, begin % height); };
  auto const down = [&](std::uint32_t end) {
    return end % height == 0 ? end : end + std::min(by, height - end % height);
  };
  return with_moved_bounds(mask, up, down);
}

// Sets of numbers that are joined.
class Joined {
 public:
  explicit Joined(std::size_t count) : parents_(count) {
    std::iota(parents_.begin(), parents_.end(), std::uint32_t{0});
  }
  std::uint32_t root(std::uint32_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  // The lower root becomes that of both.
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parents_;
};

}  // namespace

std::uint32_t ceiling(double value, std::uint32_t limit) {
  if (!(value > 0)) return 0;
  if (value >= limit) return limit;
  auto const truncated = static_cast<std::uint32_t>(value);
  return truncated + (truncated < value);
}

Mask grown(Mask const& mask, std::uint32_t radius) {
  Mask disc = heightened(mask, radius);
  std::uint32_t const reach = std::min(radius, mask.size().width - 1);
  double const square = static_cast<double>(radius) * radius;
  for (std::uint32_t x = 1; x <= reach; ++x) {
    double const y = std::sqrt(square - static_cast<double>(x) * x);
    Mask const column = heightened(mask, static_cast<std::uint32_t>(y));
    std::int64_t const right = x;
    disc = united(disc, united(moved(column, right, 0), moved(column, -right, 0)));
  }
  return disc;
}

Mask shrunk(Mask const& mask, std::uint32_t radius) {
  return complement(grown(complement(mask), radius));
}

Mask warped(Mask const& mask, double reach, double wavelength, std::uint64_t seed) {
  Noise const noise(seed);
  std::uint32_t const height = mask.size().height;
  auto const pushed = [&](std::uint32_t position) {
    std::uint32_t const x = position / height, y = position % height;
    if (y == 0) return position;
    double const shift = reach * noise.at(x / wavelength, y / wavelength);
    return position - y + ceiling(y + shift - 0.5, height);
  };
  return with_moved_bounds(mask, pushed, pushed);
}

Mask moved(Mask const& mask, std::int64_t right, std::int64_t down) {
  auto const [height, width] = mask.size();
  if (down == 0) {
    std::int64_t const by = right * height, pixels = static_cast<std::int64_t>(height) * width;
    auto const shifted = [&](std::uint32_t bound) {
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(bound + by, 0, pixels));
    };
    return with_moved_bounds(mask, shifted, shifted);
  }
  std::vector<Strip> strips;
  for (auto const& [begin, end] : strips_of(mask)) {
    std::int64_t const x = begin / height + right, y = begin % height + down;
    std::int64_t const top = std::max<std::int64_t>(y, 0);
    std::int64_t const bottom = std::min<std::int64_t>(y + (end - begin), height);
    if (x < 0 || x >= width || top >= bottom) continue;
    strips.push_back({static_cast<std::uint32_t>(x * height + top),
                      static_cast<std::uint32_t>(x * height + bottom)});
  }
  return from_strips(mask.size(), strips);
}

void append_strips(std::vector<Strip>& strips, std::uint32_t begin, std::uint32_t end,
                   std::uint32_t height) {
  while (begin < end) {
    std::uint32_t const stop = std::min(end, (begin / height + 1) * height);
    strips.push_back({begin, stop});
    begin = stop;
  }
}

std::vector<std::uint32_t> pieces_of(std::span<Strip const> strips, std::uint32_t height) {
  Joined joined(strips.size());
  auto const column_of = [&](std::size_t i) { return strips[i].begin / height; };
  // The first strip of the column before that reaches down to the one that is looked at.
  std::size_t left = 0;
  for (std::size_t i = 0; i < strips.size(); ++i) {
    std::uint32_t const column = column_of(i);
    while (column_of(left) + 1 < column) ++left;
    auto const is_beside = [&](std::size_t other) { return column_of(other) + 1 == column; };
    while (is_beside(left) && strips[left].end + height <= strips[i].begin) ++left;
    for (std::size_t other = left; is_beside(other); ++other) {
      if (strips[other].begin + height >= strips[i].end) break;
      joined.join(static_cast<std::uint32_t>(other), static_cast<std::uint32_t>(i));
    }
  }
  std::vector<std::uint32_t> numbers(strips.size());
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < strips.size(); ++i) {
    std::uint32_t const root = joined.root(i);
    numbers[i] = root == i ? count++ : numbers[root];
  }
  return numbers;
}

std::vector<Mask> pieces_of(Mask const& mask) {
  auto const strips = strips_of(mask);
  auto const numbers = pieces_of(strips, mask.size().height);
  std::vector<std::vector<Strip>> of_piece;
  for (std::size_t i = 0; i < strips.size(); ++i) {
    if (numbers[i] == of_piece.size()) of_piece.emplace_back();
    of_piece[numbers[i]].push_back(strips[i]);
  }
  std::vector<Mask> pieces;
  for (auto const& each : of_piece) pieces.push_back(from_strips(mask.size(), each));
  return pieces;
}

}  // namespace seplflow
