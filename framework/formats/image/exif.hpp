// The orientation of an image in its EXIF record.
#pragma once

#include <cstdint>
#include <span>

#include <seplflow/image.hpp>

namespace seplflow {

// The orientation, 1 to 8, that a JPEG or PNG states before its pixels; 1, upright, if it states
// none. `head` is the beginning of the file: what lies behind it is not looked at.
int exif_orientation(std::span<std::uint8_t const> head);

// Whether an image of this orientation is shown with width and height exchanged.
constexpr bool exchanges_sides(int orientation) { return orientation >= 5; }

// The image as it is shown, as Pillow's ImageOps.exif_transpose() returns it.
Image upright(Image const& image, int orientation);

}  // namespace seplflow
