#include "formats/mask_levels.hpp"

#include <cmath>
#include <string>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"

namespace seplflow {

double inside_from(Levels const& levels, double scale, std::string_view name) {
  if (levels.is_one() && levels.highest() == 0) return std::numeric_limits<double>::infinity();
  if (!levels.more_than_two()) return levels.highest();
  double const half = scale == 1 ? 0.5 : (scale + 1) / 2;
  if (levels.lowest() >= 0 && levels.highest() >= half && levels.highest() <= scale) return half;
  throw Error(
      std::string(name) + " holds more than two values, from " + shortest(levels.lowest()) +
      " to " + shortest(levels.highest()) + "; a mask has two values, or values of 0 to " +
      shortest(scale) +
      " of which half the scale and more is inside. Is it a map of labels or instances? Save one "
      "mask per picture or array, with two values");
}

LevelMask mask_of_levels(Size size, std::span<float const> levels, double scale,
                         std::string_view name) {
  Levels known;
  for (float const level : levels) known.add(level);
  double const from = inside_from(known, scale, name);
  LevelMask result{mask_where(size, [&](std::size_t i) { return levels[i] >= from; }), 0};
  if (!known.more_than_two()) return result;
  for (float const level : levels) {
    if (level != 0 && level != scale) ++result.between;
  }
  return result;
}

}  // namespace seplflow
