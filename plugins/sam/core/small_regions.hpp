// Small holes and islands of masks.
#pragma once

#include <cstdint>
#include <optional>

#include "data/mask.hpp"

namespace seplflow::sam {

// The mask without holes and islands of fewer than `least` pixels (regions connected by sides or
// corners): first the holes are filled, then the islands removed, of which the largest stays when
// all are small. Nothing when there are none. As remove_small_regions of SAM does with OpenCV, and
// among islands of equal size the one that OpenCV numbers first. O(runs log runs).
std::optional<Mask> without_small_regions(Mask const& mask, std::uint64_t least);

}  // namespace seplflow::sam
