// Reads images in JPEG and PNG files.
#pragma once

#include <seplflow/image.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace seplflow {

// Reads a JPEG (gray, colour or CMYK) or a PNG (of any kind), recognised by its content, not by its
// name. The result equals Pillow's open().convert("RGB"): no colour profile is applied,
// transparency is dropped, and an EXIF orientation is ignored; of 16 bits the higher 8 are taken,
// but in gray without transparency everything above 255 is white. Throws Error for other files, and
// for truncated or damaged ones.
Image read_image(std::filesystem::path const& path);

// The same from memory; `name` stands for the file in messages.
Image decode_image(std::span<std::uint8_t const> bytes, std::string_view name);

// Only the size, from the first bytes of the file: pixels are neither read nor checked. Throws
// Error as above, as far as the header shows.
Size read_image_size(std::filesystem::path const& path);

}  // namespace seplflow
