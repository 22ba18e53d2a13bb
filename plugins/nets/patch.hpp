// Images and labels on their way to a training, and what is done to both alike. The arithmetic is
// that of the published codes, bit for bit. Needs no torch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/port.hpp>
#include "nets/shapes.hpp"

namespace seplflow::nets {

// Which part of an image a patch shows.
struct Window {
  Size image;                      // the image, at the size that it was resized to
  std::int64_t top = 0, left = 0;  // its first row and its leftmost column; negative in padding
  bool is_mirrored = false;        // then the columns run from right to left
};

// An image that may have been resized and cut, with its labels. What lies outside the image is
// padding: its labels are 255, and its colours are 0 and stand for nothing.
struct Patch {
  Size size;
  std::vector<float> rgb;     // height x width x 3, 0..255
  std::vector<Label> labels;  // height x width; empty without labels
  // The rectangle that shows the image: rows top..bottom - 1, columns left..right - 1.
  std::uint32_t top = 0, left = 0, bottom = 0, right = 0;
  Window window;

  bool shows(std::uint32_t y, std::uint32_t x) const {
    return y >= top && y < bottom && x >= left && x < right;
  }
};

// How an image is resized.
enum class Resampling {
  opencv_bilinear,  // cv2.resize of float32, INTER_LINEAR: values are not rounded to 8 bits
  pillow_bicubic,   // Image.resize of 8 bits, BICUBIC, antialiased
};

// The image and its labels at another size; labels by Pillow's NEAREST. Throws Error when the labels
// have another size than the image.
Patch scaled(Image const& image, LabelMap const* labels, Size to, Resampling resampling);

// The part of height x width whose first pixel is the patch's (y, x), which may lie outside it: what
// the patch does not have is padding.
Patch cut_out(Patch const& patch, Size size, std::int64_t y, std::int64_t x);

Patch mirrored(Patch const& patch);

// The numbers of a patch as the published code gives them to its network: 3 planes, normalised, in
// the network's order of colours, with its padding.
std::vector<float> input_of(Patch const& patch, Network network);

}  // namespace seplflow::nets

template <>
struct seplflow::PortType<seplflow::nets::Patch> {
  static constexpr std::string_view name = "nets.Patch";
};
