// Enlarges score maps exactly as the methods do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/size.hpp>

namespace seplflow::cam {

// The size of a map with one value for each `stride` x `stride` pixels of an image.
Size strided_size(Size image, std::uint32_t stride);

// Enlarges a map with one value for each `stride` x `stride` pixels to the size of the image, by
// bilinear interpolation: the result of torch's interpolate(scale_factor=stride,
// align_corners=False) for several channels on a CPU, and then [:H, :W], in the arithmetic of T
// (float or double). `map` has strided_size(image, stride), `enlarged` the pixels of the image.
template <class T>
void enlarge_strided(std::span<T const> map, Size image, std::uint32_t stride,
                     std::span<T> enlarged);

// Resizes an 8-bit gray image with OpenCV's bilinear interpolation (cv2.resize) in its fixed-point
// arithmetic. Neither size is empty.
std::vector<std::uint8_t> resize_gray(std::span<std::uint8_t const> pixels, Size from, Size to);

}  // namespace seplflow::cam
