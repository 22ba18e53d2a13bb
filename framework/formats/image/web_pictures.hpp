// Pictures for web pages, as small as they can be.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/image.hpp>
#include <seplflow/size.hpp>

namespace seplflow {

using ClearColour = std::array<std::uint8_t, 4>;  // red, green, blue, opacity

// A palette PNG. `indices` are row-major. Throws Error unless each is below the number of colours.
std::vector<std::uint8_t> encode_palette_png(Size size, std::span<std::uint8_t const> indices,
                                             std::span<ClearColour const> colours);

// A JPEG; `quality` is libjpeg's, 1 to 100. Throws Error for an image that is too large for one.
std::vector<std::uint8_t> encode_jpeg(Image const& image, int quality);

}  // namespace seplflow
