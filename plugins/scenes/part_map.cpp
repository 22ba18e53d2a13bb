#include "scenes/part_map.hpp"

#include <algorithm>

namespace seplflow::scenes {
namespace {

// The first whole number >= value, limited to 0 .. limit.
std::uint32_t ceiling(double value, std::uint32_t limit) {
  if (!(value > 0)) return 0;
  if (value >= limit) return limit;
  auto const truncated = static_cast<std::uint32_t>(value);
  return truncated + (truncated < value);
}

PartSet part_range(std::size_t first, std::size_t end) {
  PartSet parts;
  for (std::size_t id = first; id < end; ++id) parts.set(id);
  return parts;
}

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

}  // namespace

PartSet parts_of(Thing const& thing) {
  auto const first = static_cast<std::size_t>(thing.first_id);
  return part_range(first, first + thing.parts.size());
}

PartSet group_of(Thing const& thing, std::size_t i) {
  auto const first = static_cast<std::size_t>(thing.first_id);
  return part_range(first + i, first + end_of_group(thing.parts, i));
}

LabelRuns partition_of(Layout const& layout) {
  Canvas canvas(layout.size);
  for (Thing const& thing : layout.things) {
    auto id = static_cast<Label>(thing.first_id);
    for (Part const& part : thing.parts) canvas.paint(mask_of(part.shape, layout.size), id++);
  }
  return canvas.labels().runs();
}

Mask mask_of(LabelRuns const& partition, PartSet const& parts) {
  std::vector<Run> runs(partition.runs().begin(), partition.runs().end());
  for (Run& run : runs) run.value = parts[run.value];
  return Mask::from_runs(partition.size(), runs, 1);
}

Mask mask_of(Shape const& shape, Size size) {
  Box const box = bounds(shape);
  std::uint32_t const x_end = ceiling(box.right + 0.5, size.width);
  Columns const columns(shape);
  std::vector<Run> runs;
  for (std::uint32_t x = ceiling(box.left - 1.5, size.width); x < x_end; ++x) {
    auto const cut = columns.at(x + 0.5);
    if (!cut) continue;
    std::uint32_t const y_begin = ceiling(cut->begin - 0.5, size.height);
    std::uint32_t const y_end = ceiling(cut->end - 0.5, size.height);
    if (y_begin >= y_end) continue;
    runs.push_back({x * size.height + y_begin, 0});
    runs.push_back({x * size.height + y_end, 1});
  }
  return Mask::from_runs(size, runs, 1);
}

LabelMap relabelled(LabelRuns const& partition, std::array<Label, kMaxParts> const& label_of_part) {
  std::vector<Run> runs(partition.runs().begin(), partition.runs().end());
  for (Run& run : runs) run.value = label_of_part[run.value];
  return LabelMap(LabelRuns(partition.size(), std::move(runs)));
}

Mask grown(Mask const& mask) {
  std::uint32_t const height = mask.size().height;
  auto const pixels = static_cast<std::uint32_t>(mask.size().pixels());
  auto const up = [&](std::uint32_t begin) { return begin % height == 0 ? begin : begin - 1; };
  auto const down = [&](std::uint32_t end) { return end % height == 0 ? end : end + 1; };
  auto const left = [&](std::uint32_t bound) { return std::max(bound, height) - height; };
  auto const right = [&](std::uint32_t bound) { return std::min(bound + height, pixels); };
  return united(with_moved_bounds(mask, up, down),
                united(with_moved_bounds(mask, left, left), with_moved_bounds(mask, right, right)));
}

Mask shrunk(Mask const& mask) {
  return complement(grown(complement(mask)));
}

Mask warped(Mask const& mask, double reach, double wavelength, std::uint64_t seed) {
  Noise const noise(seed);
  std::uint32_t const height = mask.size().height;
  auto const moved = [&](std::uint32_t position) {
    std::uint32_t const x = position / height, y = position % height;
    if (y == 0) return position;
    double const shift = reach * noise.at(x / wavelength, y / wavelength);
    return position - y + ceiling(y + shift - 0.5, height);
  };
  return with_moved_bounds(mask, moved, moved);
}

}  // namespace seplflow::scenes
