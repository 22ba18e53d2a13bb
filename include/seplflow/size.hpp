// The extent of an image in pixels.
#pragma once

#include <seplflow/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace seplflow {

// Height and width in pixels. The largest image has kMaxPixels, so that every pixel position fits
// in 32 bits.
struct Size {
  std::uint32_t height = 0;
  std::uint32_t width = 0;

  std::size_t pixels() const { return std::size_t{height} * width; }
  bool operator==(Size const&) const = default;
};

constexpr std::size_t kMaxPixels = std::size_t{1} << 28;

// "375x500", height first, as arrays are indexed.
SEPLFLOW_API std::string to_string(Size size);

// Throws Error unless height and width are positive and their product is at most kMaxPixels; `what`
// names the object of this size.
SEPLFLOW_API Size checked_size(std::uint64_t height, std::uint64_t width, std::string_view what);

// Throws Error, naming both objects and both sizes, unless they are equal. The message says when
// one size is the other transposed.
SEPLFLOW_API void require_same_size(Size a, std::string_view a_name, Size b, std::string_view b_name);

}  // namespace seplflow
