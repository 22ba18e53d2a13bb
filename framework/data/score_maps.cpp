#include "data/score_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "data/error.hpp"

namespace seplflow {

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values,
                     Precision precision)
    : size_(checked_size(size.height, size.width, "a score map")),
      classes_(std::move(classes)),
      values_(std::move(values)),
      precision_(precision) {
  if (precision == Precision::full) throw Error("score maps of full precision hold doubles");
  require_sound();
}

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<double> values)
    : size_(checked_size(size.height, size.width, "a score map")),
      classes_(std::move(classes)),
      values_(std::move(values)),
      precision_(Precision::full) {
  require_sound();
}

bool ScoreMaps::has_background() const {
  return std::ranges::find(classes_, kBackground) != classes_.end();
}

void ScoreMaps::require_sound() const {
  std::array<bool, 256> seen{};
  for (Label const label : classes_) {
    if (label == kIgnore) throw Error("a score map is of class 255, which stands for no class");
    if (std::exchange(seen[label], true)) {
      throw Error("two score maps are of class " + std::to_string(label));
    }
  }
  std::visit(
      [this](auto const& values) {
        std::size_t const expected = classes_.size() * size_.pixels();
        if (values.size() != expected) {
          throw Error("score maps of " + std::to_string(classes_.size()) + " classes and " +
                      to_string(size_) + " (height x width) need " + std::to_string(expected) +
                      " values but were given " + std::to_string(values.size()));
        }
        auto const nan = std::ranges::find_if(values, [](auto value) { return std::isnan(value); });
        if (nan == values.end()) return;
        auto const place = static_cast<std::size_t>(nan - values.begin());
        std::size_t const pixel = place % size_.pixels();
        throw Error("the score of class " + std::to_string(classes_[place / size_.pixels()]) +
                    " is not a number (NaN) in row " + std::to_string(pixel / size_.width) +
                    ", column " + std::to_string(pixel % size_.width));
      },
      values_);
}

}  // namespace seplflow
