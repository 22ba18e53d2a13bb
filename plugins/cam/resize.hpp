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

enum class Resize { bilinear, nearest };

// Scales a map of the size `from` to the size `to`: the result of torch's
// interpolate(size=to, mode, align_corners), in the arithmetic of T (float or double). `scaled` has
// the pixels of `to`. `align_corners` is for bilinear.
template <class T>
void resize_map(std::span<T const> map, Size from, Size to, Resize mode, bool align_corners,
                std::span<T> scaled);

// Resizes an 8-bit gray image with OpenCV's bilinear interpolation (cv2.resize) in its fixed-point
// arithmetic. Neither size is empty.
std::vector<std::uint8_t> resize_gray(std::span<std::uint8_t const> pixels, Size from, Size to);

}  // namespace seplflow::cam
