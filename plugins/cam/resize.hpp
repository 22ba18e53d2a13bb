// Enlarging score maps as the methods do themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/size.hpp"

namespace seplflow::cam {

// Height and width of maps with one value for each `stride` x `stride` pixels of an image.
Size strided_size(Size image, std::uint32_t stride);

// Bilinear interpolation of a map with one value for each `stride` x `stride` pixels, cut to the
// size of the image: what torch's interpolate(scale_factor=stride, align_corners=False) gives
// for several channels on a CPU, and then [:H, :W], in the arithmetic of T (float or double). `map`
// has strided_size(image, stride), `enlarged` the pixels of the image.
template <class T>
void enlarge_strided(std::span<T const> map, Size image, std::uint32_t stride,
                     std::span<T> enlarged);

// An 8-bit picture at another size, with OpenCV's bilinear interpolation (cv2.resize) in its
// fixed-point arithmetic. Neither size is empty.
std::vector<std::uint8_t> resize_gray(std::span<std::uint8_t const> pixels, Size from, Size to);

}  // namespace seplflow::cam
