// Which part each pixel of a scene shows, and the masks that follow from it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include <seplflow/label_map.hpp>
#include <seplflow/mask.hpp>
#include "scenes/layout.hpp"

namespace seplflow::scenes {

// Numbers of parts.
using PartSet = std::bitset<kMaxParts>;
PartSet parts_of(Thing const& thing);
// Part i of the thing and all its sub-parts.
PartSet group_of(Thing const& thing, std::size_t i);

// The number of the part that each pixel shows.
LabelRuns partition_of(Layout const& layout);

// The pixels that show one of these parts.
Mask mask_of(LabelRuns const& partition, PartSet const& parts);

// The pixels whose centres lie in the shape.
Mask mask_of(Shape const& shape, Size size);

// Gives each pixel the label of its part.
LabelMap relabelled(LabelRuns const& partition, std::array<Label, kMaxParts> const& label_of_part);

}  // namespace seplflow::scenes
