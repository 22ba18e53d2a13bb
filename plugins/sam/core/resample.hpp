// Pillow's bilinear resizing of 8-bit pictures, to the byte.
#pragma once

#include "data/image.hpp"

namespace seplflow::sam {

// What Pillow's Image.resize(..., BILINEAR) makes of the picture: antialiased where it gets
// smaller, along the rows first and then along the columns, in fixed point with a rounding after
// each (Pillow, src/libImaging/Resample.c; any version from 3.3 on). Throws Error as checked_size
// does.
Image resize_as_pillow(Image const& image, Size to);

// The size of a picture whose longest side is made `longest`, as SAM's ResizeLongestSide rounds it,
// but at least one pixel a side (SAM's own code refuses a picture of 1x5000).
Size longest_side_size(Size size, std::uint32_t longest);

// Pixels `x0 <= x < x1` and `y0 <= y < y1`, which must lie inside.
Image cropped(Image const& image, std::uint32_t x0, std::uint32_t y0, std::uint32_t x1,
              std::uint32_t y1);

}  // namespace seplflow::sam
