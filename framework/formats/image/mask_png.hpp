// Reads masks in pictures of any kind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/mask.hpp>

namespace seplflow {

struct MaskPictureRule {
  // Pixels of this value are inside, and no others. Nothing: the picture decides (inside_from).
  std::optional<std::uint16_t> inside;
  // Only PNGs of 8-bit or 1-bit gray with the values 0 and 255; with `inside` also others.
  bool strict = false;
};

// A mask, and how it was read.
struct MaskPicture {
  Mask mask;
  // Pixels that are neither of the two values and were compared with half the scale.
  std::uint64_t between = 0;
  // Whether the colours of a palette order the indices otherwise than the indices themselves.
  bool reorders_palette = false;
};

// A PNG or JPEG as a mask. A PNG may be gray of 1 to 16 bits, a palette, whose colours count, RGB,
// or one of these with alpha. Transparency is the mask if the colours have one value, and is
// ignored if it has one value itself. A JPEG is gray and has few values near half the scale. Throws
// Error, saying what was expected, for other files, for a picture of more than two colours, for one
// whose colours and transparency are two different masks, and as inside_from does.
MaskPicture decode_mask_picture(std::span<std::uint8_t const> bytes, std::string_view name,
                                MaskPictureRule const& rule);

// The masks in a picture of instance numbers: one for each value but 0, by ascending value. The
// value is gray of 8 or 16 bits, the index of a palette (where 255 is the border between instances,
// as in PASCAL VOC, and no instance), or R + 256 G + 65536 B of RGB. Throws Error, saying what was
// expected, for other files, and for more than kMaxInstances instances.
std::vector<Mask> decode_instance_png(std::span<std::uint8_t const> bytes, std::string_view name);

constexpr std::size_t kMaxInstances = 65536;

}  // namespace seplflow
