// A class for every pixel: pseudo-labels, enhanced labels and ground truth.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/runs.hpp>
#include <seplflow/size.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace seplflow {

using Label = std::uint8_t;
constexpr Label kBackground = 0;
constexpr Label kIgnore = 255;  // no class: a boundary, or undecided

// H x W class ids: 0 is background, 1..254 classes, 255 ignore. Immutable, so it is safe to share
// between threads; copies share their content.
//
// It is created from row-major pixels or from column-major runs. The other form is computed at its
// first use, once for all copies.
class SEPLFLOW_API LabelMap {
 public:
  // Throws Error when `pixels` does not hold exactly size.pixels() values.
  LabelMap(Size size, std::vector<Label> pixels);

  explicit LabelMap(LabelRuns runs);

  // All background.
  explicit LabelMap(Size size);

  Size size() const { return size_; }

  // Row-major. Valid as long as any copy of the map exists.
  std::span<Label const> pixels() const;
  std::span<Label const> row(std::uint32_t y) const;
  Label at(std::uint32_t y, std::uint32_t x) const { return row(y)[x]; }
  LabelRuns const& runs() const;

  // Whether both have the same size and pixels.
  bool operator==(LabelMap const& other) const;

 private:
  struct Forms;
  friend std::array<std::uint64_t, 256> const& label_areas(LabelMap const& labels);

  Size size_;
  std::shared_ptr<Forms const> forms_;
};

// The number of pixels of each of the 256 labels; counted once for all copies, and valid as long as
// any of them exists.
SEPLFLOW_API std::array<std::uint64_t, 256> const& label_areas(LabelMap const& labels);

}  // namespace seplflow
