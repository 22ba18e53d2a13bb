// Pillow's resizing of 8-bit images and labels, byte for byte.
#pragma once

#include <cstdint>
#include <vector>

#include <seplflow/image.hpp>

namespace seplflow::nets {

enum class Filter { bilinear, bicubic };

// The result of Pillow's Image.resize(..., BILINEAR or BICUBIC): antialiased where the image gets
// smaller, along the rows first and then along the columns, in fixed point and rounded after each
// (Pillow, src/libImaging/Resample.c, version 3.3 and later). Throws Error like checked_size.
Image resize_as_pillow(Image const& image, Size to, Filter filter = Filter::bilinear);

// For each of `to` pixels along a side, the pixel of `from` that Pillow's Image.resize(...,
// NEAREST) takes. Its position is a sum that grows by from / to, as in Pillow: ties depend on how
// the sum was rounded (src/libImaging/Geometry.c).
std::vector<std::uint32_t> nearest_as_pillow(std::uint32_t from, std::uint32_t to);

// The size of an image after its longest side becomes `longest`, rounded like SAM's
// ResizeLongestSide, but at least one pixel a side (SAM's own code refuses an image of 1x5000).
Size longest_side_size(Size size, std::uint32_t longest);

// The pixels x0 <= x < x1, y0 <= y < y1, which must lie inside.
Image cropped(Image const& image, std::uint32_t x0, std::uint32_t y0, std::uint32_t x1,
              std::uint32_t y1);

}  // namespace seplflow::nets
