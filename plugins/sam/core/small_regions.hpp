// Removes small holes and islands from masks.
#pragma once

#include <cstdint>
#include <optional>

#include <seplflow/mask.hpp>

namespace seplflow::sam {

// The mask without holes and islands of fewer than `least` pixels (regions connected by sides or
// corners). Fills holes first, then removes islands; when all islands are small, the largest stays,
// and of equal ones the one that OpenCV numbers first. Nothing when the mask has neither. Same
// result as SAM's remove_small_regions with OpenCV. O(runs log runs).
std::optional<Mask> without_small_regions(Mask const& mask, std::uint64_t least);

}  // namespace seplflow::sam
