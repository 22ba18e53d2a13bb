#include "scenes/part_map.hpp"

#include "common/mask_outline.hpp"

namespace seplflow::scenes {
namespace {

PartSet part_range(std::size_t first, std::size_t end) {
  PartSet parts;
  for (std::size_t id = first; id < end; ++id) parts.set(id);
  return parts;
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

}  // namespace seplflow::scenes
