// Decodes JPEG images with libjpeg; a part of image_file.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "data/image.hpp"

namespace seplflow {

// Whether the bytes begin like a JPEG.
bool is_jpeg(std::span<std::uint8_t const> bytes);

// Decodes gray, YCbCr, RGB and CMYK. Throws Error for truncated or damaged files, and for images
// that are too large.
Image decode_jpeg(std::span<std::uint8_t const> bytes, std::string_view name);

// The size in the header; nothing when the bytes, which are the beginning of a file, end before it.
// Throws Error for a damaged header.
std::optional<Size> jpeg_size(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
