// Reads and writes label maps, masks and images as PNG files with row-major pixels of 8 bits.
#pragma once

#include <seplflow/classes.hpp>
#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/mask.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace seplflow {

// The class ids of an 8-bit gray or a palette PNG, as stored: palettes are not applied. Throws
// Error for a file that is not a PNG, truncated or damaged, and for kinds of PNG that do not
// determine class ids (colours, transparency, 16 bits, gray of fewer than 8 bits), saying what to
// do.
LabelMap read_label_png(std::filesystem::path const& path);

// The same from memory; `name` stands for the file in messages.
LabelMap decode_label_png(std::span<std::uint8_t const> bytes, std::string_view name);

// A mask as segment-anything's amg.py writes it: 8-bit gray, inside where the value is 255 (or
// 1-bit gray, inside where it is 1). Throws Error as above, and for a mask that has values other
// than 0 but no 255, such as a 0/1 mask, which would otherwise be read as empty.
Mask read_mask_png(std::filesystem::path const& path);
Mask decode_mask_png(std::span<std::uint8_t const> bytes, std::string_view name);

// H x W samples of 8 bits, row-major.
struct GrayImage {
  Size size;
  std::vector<std::uint8_t> pixels;
};

// The values of an 8-bit gray PNG, e.g. scores times 255. Throws Error for every other file.
GrayImage read_gray_png(std::filesystem::path const& path);
GrayImage decode_gray_png(std::span<std::uint8_t const> bytes, std::string_view name);

// The colour of a class in the palette of PASCAL VOC. 255 is off-white.
Colour voc_colour(Label label);
// The same, unless `colours` has another one.
Colour colour_of(Label label, Colours const& colours);

enum class LabelColours {
  voc_palette,  // class ids with a palette, which image viewers show
  gray,         // class ids as gray values
};

// An 8-bit PNG of the class ids; equal labels give equal bytes. The palette is that of PASCAL VOC,
// except for the labels in `colours`.
std::vector<std::uint8_t> encode_label_png(LabelMap const& labels, LabelColours kind,
                                           Colours const& colours = {});

// An 8-bit gray PNG, 255 inside the mask and 0 outside, as amg.py writes it.
std::vector<std::uint8_t> encode_mask_png(Mask const& mask);

// An 8-bit RGB PNG.
std::vector<std::uint8_t> encode_image_png(Image const& image);

}  // namespace seplflow
