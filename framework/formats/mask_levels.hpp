// Decides which values of a picture or an array are inside a mask.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <seplflow/mask.hpp>
#include <seplflow/runs.hpp>
#include <seplflow/size.hpp>

namespace seplflow {

// The different values of a picture, as far as they matter.
class Levels {
 public:
  void add(double value) {
    if (value == first_ || value == second_) return;
    if (!first_) {
      first_ = value;
    } else if (!second_) {
      second_ = value;
    } else {
      more_ = true;
    }
    if (value < lowest_) lowest_ = value;
    if (value > highest_) highest_ = value;
  }

  bool is_one() const { return first_ && !second_; }
  bool more_than_two() const { return more_; }
  double lowest() const { return lowest_; }
  double highest() const { return highest_; }

 private:
  std::optional<double> first_, second_;
  bool more_ = false;
  double lowest_ = std::numeric_limits<double>::infinity();
  double highest_ = -std::numeric_limits<double>::infinity();
};

// The least value that is inside. A picture of one value is empty if that is 0 (nothing is inside:
// infinity), else full. Of two values the higher is inside. Of more, those of at least half the
// scale: 128 of 255. Throws Error, with `name`, for more than two values that are all below half
// the scale, or partly beyond it: they are not a mask.
double inside_from(Levels const& levels, double scale, std::string_view name);

// A mask, and the pixels whose values are neither 0 nor the whole scale, in a picture of more than
// two values.
struct LevelMask {
  Mask mask;
  std::uint64_t between = 0;
};

// From row-major values, one for each pixel. Throws Error as inside_from does.
LevelMask mask_of_levels(Size size, std::span<float const> levels, double scale,
                         std::string_view name);

// The pixels for which is_inside(i) holds, where i numbers them row by row.
template <class IsInside>
Mask mask_where(Size size, IsInside const& is_inside) {
  ColumnRunScanner scanner(size);
  std::vector<std::uint8_t> row(size.width);
  std::size_t i = 0;
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint8_t& pixel : row) pixel = is_inside(i++) ? 1 : 0;
    scanner.add_row(row);
  }
  return Mask::from_runs(size, scanner.finish(), 1);
}

}  // namespace seplflow
