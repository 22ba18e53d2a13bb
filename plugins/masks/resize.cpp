#include "resize.hpp"

#include <algorithm>
#include <vector>

#include <seplflow/runs.hpp>

namespace seplflow::masks {
namespace {

// The first pixel of `to` whose centre falls on pixel `begin` of `from` or beyond it.
std::uint32_t first_on(std::uint64_t begin, std::uint64_t from, std::uint64_t to) {
  // (2 y + 1) from >= 2 to begin
  std::uint64_t const reach = 2 * to * begin;
  if (reach <= from) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>((reach - from + 2 * from - 1) / (2 * from), to));
}

}  // namespace

Mask resized_nearest(Mask const& mask, Size size) {
  Size const from = mask.size();
  if (from == size) return mask;
  std::span<std::uint32_t const> const bounds = mask.bounds();
  std::vector<Run> runs;
  std::uint32_t end = 0;  // of the runs so far
  auto const add = [&](std::uint32_t first, std::uint32_t last) {
    if (first >= last) return;
    if (first > end) runs.push_back({first, 0});
    runs.push_back({last, 1});
    end = last;
  };
  std::size_t next = 0;  // the first bound that ends after the column
  for (std::uint32_t x = 0; x < size.width; ++x) {
    auto const column = static_cast<std::uint32_t>((2 * std::uint64_t{x} + 1) * from.width /
                                                   (2 * std::uint64_t{size.width}));
    std::uint32_t const top = column * from.height, bottom = top + from.height;
    while (next < bounds.size() && bounds[next + 1] <= top) next += 2;
    for (std::size_t i = next; i < bounds.size() && bounds[i] < bottom; i += 2) {
      std::uint32_t const begin = std::max(bounds[i], top) - top;
      std::uint32_t const stop = std::min(bounds[i + 1], bottom) - top;
      std::uint32_t const offset = x * size.height;
      add(offset + first_on(begin, from.height, size.height),
          offset + first_on(stop, from.height, size.height));
    }
  }
  return Mask::from_runs(size, runs, 1);
}

}  // namespace seplflow::masks
