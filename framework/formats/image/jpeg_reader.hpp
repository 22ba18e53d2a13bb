// JPEG pictures in memory; the part of formats/image.cpp that knows libjpeg.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "data/image.hpp"

namespace seplflow {

// Whether the bytes begin as every JPEG does.
bool is_jpeg(std::span<std::uint8_t const> bytes);

// Decodes gray, YCbCr and RGB. Throws Error for CMYK, for files that are cut off or damaged, and
// for pictures too large.
Image decode_jpeg(std::span<std::uint8_t const> bytes, std::string_view name);

// The size that the header gives; nothing when the bytes, the beginning of a file, end before it
// does. Throws Error for a damaged header.
std::optional<Size> jpeg_size(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
