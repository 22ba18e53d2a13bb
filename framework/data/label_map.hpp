// A class for every pixel: pseudo-labels, enhanced labels and truth.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/size.hpp"

namespace seplflow {

using Label = std::uint8_t;
constexpr Label kBackground = 0;
constexpr Label kIgnore = 255;  // belongs to no class: boundary, or not decided

// H x W class ids, row-major: 0 is background, 1..254 classes, 255 ignore. Immutable, so it is
// safe to share between threads.
class LabelMap {
 public:
  // Throws Error when `pixels` does not hold exactly size.pixels() values.
  LabelMap(Size size, std::vector<Label> pixels);

  // All background.
  explicit LabelMap(Size size);

  Size size() const { return size_; }
  std::span<Label const> pixels() const { return pixels_; }
  std::span<Label const> row(std::uint32_t y) const;
  Label at(std::uint32_t y, std::uint32_t x) const { return row(y)[x]; }

  bool operator==(LabelMap const&) const = default;

 private:
  Size size_;
  std::vector<Label> pixels_;
};

// Number of pixels of each of the 256 labels.
std::array<std::uint64_t, 256> label_areas(LabelMap const& labels);

}  // namespace seplflow
