#include "data/score_maps.hpp"

#include "data/error.hpp"

namespace seplflow {

ScoreMaps::ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values)
    : size_(checked_size(size.height, size.width, "a score map")),
      classes_(std::move(classes)),
      values_(std::move(values)) {
  std::size_t const expected = classes_.size() * size_.pixels();
  if (values_.size() != expected) {
    throw Error("score maps of " + std::to_string(classes_.size()) + " classes and " +
                to_string(size_) + " (height x width) need " + std::to_string(expected) +
                " values but were given " + std::to_string(values_.size()));
  }
}

std::span<float const> ScoreMaps::plane(std::size_t i) const {
  return std::span(values_).subspan(i * size_.pixels(), size_.pixels());
}

}  // namespace seplflow
