// Masks at another size.
#pragma once

#include <string>

#include <seplflow/mask_set.hpp>
#include <seplflow/option.hpp>

namespace seplflow::masks {

enum class Resize { none, nearest };

inline auto const kResize = choices<Resize>({{"none", Resize::none}, {"nearest", Resize::nearest}});

// Each pixel takes the value of the pixel of the mask that its centre falls on, as in Pillow's
// NEAREST. O(runs of the columns that are used).
Mask resized_nearest(Mask const& mask, Size size);

}  // namespace seplflow::masks
