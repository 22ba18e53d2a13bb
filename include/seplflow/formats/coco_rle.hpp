// Masks as COCO's compressed strings, the form of SAM's amg.py, SA-1B and COCO results.
//
// The string holds the column-major run lengths, beginning with a run outside (which may be
// empty). From the fourth on, a run is stored as the difference from the run two before it. Each
// character holds 5 bits of a number, low bits first; bit 6 says that more follow, the highest of
// the last 5 bits is the sign, and 48 is added to make the character printable: '0' to 'o'.
#pragma once

#include <seplflow/mask.hpp>
#include <seplflow/size.hpp>

#include <string>
#include <string_view>

namespace seplflow {

// Throws Error, with the position, for a character outside the alphabet, a string that ends within
// a number, a number too large for any run, a negative run, and runs that do not add up to
// size.pixels(). O(characters).
Mask decode_coco_rle(Size size, std::string_view counts);

// The string that pycocotools writes for the mask.
std::string encode_coco_rle(Mask const& mask);

}  // namespace seplflow
