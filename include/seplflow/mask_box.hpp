// The bounding box of a mask.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/mask.hpp>

#include <cstdint>

namespace seplflow {

// The first and the last column and row of a mask, both inclusive, as in SAM: the box of a mask of
// one column has width 0.
struct MaskBox {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;

  std::int64_t width() const { return right - left; }
  std::int64_t height() const { return bottom - top; }
  bool operator==(MaskBox const&) const = default;
};

// All zero for a mask without pixels. O(runs).
SEPLFLOW_API MaskBox box_around(Mask const& mask);

}  // namespace seplflow
