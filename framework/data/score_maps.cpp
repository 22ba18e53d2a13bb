#include "data/score_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/finite.hpp"

namespace seplflow {

struct ScoreMaps::Held {
  std::shared_ptr<void const> owner;
  Values values;

  template <class T>
  static Held of(std::vector<T> values) {
    auto owner = std::make_shared<std::vector<T> const>(std::move(values));
    std::span<T const> const all(*owner);
    return {std::move(owner), all};
  }
  template <class T>
  static Held of(std::unique_ptr<T[]> values, std::size_t count) {
    std::span<T const> const all(values.get(), count);
    return {std::shared_ptr<T const[]>(std::move(values)), all};
  }
};

ScoreMaps::ScoreMaps(Size size, Held held, std::vector<Label> classes, Precision precision)
    : size_(checked_size(size.height, size.width, "a score map")),
      classes_(std::move(classes)),
      owner_(std::move(held.owner)),
      values_(held.values),
      precision_(precision) {
  bool const doubles = std::holds_alternative<std::span<double const>>(values_);
  if (doubles != (precision == Precision::full)) {
    throw Error("score maps of full precision hold doubles");
  }
  require_sound();
}

// In braces, arguments are made from left to right: classes are counted before they move.
ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values,
                     Precision precision)
    : ScoreMaps{size, Held::of(std::move(values)), std::move(classes), precision} {}
ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<double> values)
    : ScoreMaps{size, Held::of(std::move(values)), std::move(classes), Precision::full} {}
ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::unique_ptr<float[]> values,
                     Precision precision)
    : ScoreMaps{size, Held::of(std::move(values), classes.size() * size.pixels()),
                std::move(classes), precision} {}
ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::unique_ptr<double[]> values)
    : ScoreMaps{size, Held::of(std::move(values), classes.size() * size.pixels()),
                std::move(classes), Precision::full} {}

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
        if (all_finite(values)) return;
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
