#include <seplflow/score_maps.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <seplflow/error.hpp>
#include "base/finite.hpp"

namespace seplflow {

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, Precision precision)
    : size_(checked_size(size.height, size.width, "a score map")),
      classes_(std::move(classes)),
      precision_(precision) {
  std::array<bool, 256> seen{};
  for (Label const label : classes_) {
    if (label == kIgnore) throw Error("a score map has class 255, which stands for no class");
    if (std::exchange(seen[label], true)) {
      throw Error("two score maps have class " + std::to_string(label));
    }
  }
}

template <class T>
void ScoreMaps::require_numbers(std::span<T const> values) const {
  if ((precision_ == Precision::full) != std::is_same_v<T, double>) {
    throw Error("score maps of full precision hold doubles");
  }
  if (all_finite(values)) return;
  auto const nan = std::ranges::find_if(values, [](T value) { return std::isnan(value); });
  if (nan == values.end()) return;
  auto const place = static_cast<std::size_t>(nan - values.begin());
  std::size_t const pixel = place % size_.pixels();
  throw Error("the score of class " + std::to_string(classes_[place / size_.pixels()]) +
              " is not a number (NaN) in row " + std::to_string(pixel / size_.width) + ", column " +
              std::to_string(pixel % size_.width));
}

template <class T>
void ScoreMaps::take(std::vector<T> values) {
  if (values.size() != value_count()) {
    throw Error("score maps of " + std::to_string(classes_.size()) + " classes and " +
                to_string(size_) + " (height x width) need " + std::to_string(value_count()) +
                " values but were given " + std::to_string(values.size()));
  }
  require_numbers(std::span<T const>(values));
  auto const owner = std::make_shared<std::vector<T> const>(std::move(values));
  values_ = std::shared_ptr<void const>(owner, owner->data());
}

template <class T>
void ScoreMaps::take(std::unique_ptr<T[]> values) {
  require_numbers(std::span<T const>(values.get(), value_count()));
  values_ = std::shared_ptr<T[]>(std::move(values));
}

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values,
                     Precision precision)
    : ScoreMaps(size, std::move(classes), precision) {
  take(std::move(values));
}

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<double> values)
    : ScoreMaps(size, std::move(classes), Precision::full) {
  take(std::move(values));
}

ScoreMaps ScoreMaps::adopt(Size size, std::vector<Label> classes, std::unique_ptr<float[]> values,
                           Precision precision) {
  ScoreMaps scores(size, std::move(classes), precision);
  scores.take(std::move(values));
  return scores;
}

ScoreMaps ScoreMaps::adopt(Size size, std::vector<Label> classes,
                           std::unique_ptr<double[]> values) {
  ScoreMaps scores(size, std::move(classes), Precision::full);
  scores.take(std::move(values));
  return scores;
}

void ScoreMaps::throw_not_single() {
  throw std::logic_error(
      "scores of full precision were taken for single precision; use visit_plane()");
}

bool ScoreMaps::has_background() const {
  return std::ranges::find(classes_, kBackground) != classes_.end();
}

}  // namespace seplflow
