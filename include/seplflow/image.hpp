// An image in memory.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/size.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace seplflow {

// H x W x 3 samples of 8 bits, row-major, red green blue, sRGB as decoded. Immutable.
class SEPLFLOW_API Image {
 public:
  // Throws Error when `rgb` does not hold exactly 3 * size.pixels() samples.
  Image(Size size, std::vector<std::uint8_t> rgb);

  Size size() const { return size_; }
  std::span<std::uint8_t const> rgb() const { return rgb_; }

 private:
  Size size_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace seplflow
