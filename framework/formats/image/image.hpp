// Pictures as JPEG and PNG files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "data/image.hpp"

namespace seplflow {

// The picture in a JPEG (gray, colour or CMYK) or PNG (any kind), told apart by content, not by
// name: what Pillow's open().convert("RGB") gives. So no colour profile is applied, transparency is
// dropped, and an EXIF orientation is ignored; of 16 bits the higher 8 are taken, but in gray
// without transparency everything above 255 is white. Throws Error for another kind of file, and
// one that is cut off or damaged.
Image read_image(std::filesystem::path const& path);

// The same from memory; `name` stands for the file in messages.
Image decode_image(std::span<std::uint8_t const> bytes, std::string_view name);

// The size alone, from the file's first bytes: pixels are neither read nor checked. Throws Error
// as above where the header is concerned.
Size read_image_size(std::filesystem::path const& path);

}  // namespace seplflow
