// Class activation maps: how strongly each pixel speaks for each class.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "data/label_map.hpp"
#include "data/size.hpp"

namespace seplflow {

// K x H x W activations, one row-major plane for each class in `classes`. Published CAMs lie in
// 0..1, a few dialects go below 0. Immutable.
class ScoreMaps {
 public:
  // Throws Error when `values` does not hold exactly classes.size() * size.pixels() values.
  ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values);

  Size size() const { return size_; }
  std::span<Label const> classes() const { return classes_; }
  std::span<float const> plane(std::size_t i) const;

 private:
  Size size_;
  std::vector<Label> classes_;
  std::vector<float> values_;
};

}  // namespace seplflow
