// Class-agnostic masks such as the Segment Anything Model's automatic generator gives.
#pragma once

#include "data/mask_set.hpp"
#include "scenes/layout.hpp"
#include "scenes/part_map.hpp"

namespace seplflow::scenes {

// At most 80 masks: whole objects, parts, sub-parts, the backdrop's pieces. As with SAM some
// objects or parts are missing, some masks hold two objects that touch or an object with its
// shadow, some come twice with slightly different outlines, and some mean nothing.
MaskSet proposals(Layout const& layout, LabelRuns const& partition);

}  // namespace seplflow::scenes
