// A class for every pixel: pseudo-labels, enhanced labels and truth.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/runs.hpp"
#include "data/size.hpp"

namespace seplflow {

using Label = std::uint8_t;
constexpr Label kBackground = 0;
constexpr Label kIgnore = 255;  // belongs to no class: boundary, or not decided

// H x W class ids: 0 is background, 1..254 classes, 255 ignore. Immutable, so it is safe to share
// between threads; copies share what they hold.
//
// It is made of row-major pixels or of column-major runs. The other form is made when it is first
// asked for, once for all copies.
class LabelMap {
 public:
  // Throws Error when `pixels` does not hold exactly size.pixels() values.
  LabelMap(Size size, std::vector<Label> pixels);

  explicit LabelMap(LabelRuns runs);

  // All background.
  explicit LabelMap(Size size);

  Size size() const { return size_; }

  // Row-major. As long as a copy of the map lives, so does what these refer to.
  std::span<Label const> pixels() const;
  std::span<Label const> row(std::uint32_t y) const;
  Label at(std::uint32_t y, std::uint32_t x) const { return row(y)[x]; }
  LabelRuns const& runs() const;

  // Whether both have the same size and pixels, whatever they were made of.
  bool operator==(LabelMap const& other) const;

 private:
  struct Forms;
  friend std::array<std::uint64_t, 256> const& label_areas(LabelMap const& labels);

  Size size_;
  std::shared_ptr<Forms const> forms_;
};

// Number of pixels of each of the 256 labels; counted once for all copies, and as long as one
// lives, so do the numbers.
std::array<std::uint64_t, 256> const& label_areas(LabelMap const& labels);

}  // namespace seplflow
