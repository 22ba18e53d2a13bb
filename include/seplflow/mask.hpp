// A class-agnostic region of an image, such as the Segment Anything Model proposes.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/runs.hpp>
#include <seplflow/size.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace seplflow {

// A set of pixels of an H x W image as column-major runs (COCO's order). Immutable, so it is safe
// to share between threads. Takes 8 bytes per run, whatever its area.
class SEPLFLOW_API Mask {
 public:
  // From COCO's run lengths, which alternate outside, inside, outside, ...; zero lengths are
  // allowed. Throws Error unless they add up to size.pixels().
  static Mask from_counts(Size size, std::span<std::uint32_t const> counts);

  // The pixels whose value is `inside`.
  static Mask from_runs(Size size, std::span<Run const> runs, std::uint8_t inside);

  // Without pixels.
  explicit Mask(Size size) : size_(checked_size(size.height, size.width, "a mask")) {}

  Size size() const { return size_; }
  std::uint64_t area() const { return area_; }

  // begin, end, begin, end, ... of its runs: strictly increasing column-major positions.
  std::span<std::uint32_t const> bounds() const { return bounds_; }

  // COCO's run lengths, beginning with a run outside (which may be empty).
  std::vector<std::uint32_t> counts() const;

  bool operator==(Mask const&) const = default;

 private:
  friend Mask united(Mask const& a, Mask const& b);
  friend Mask without(Mask const& a, Mask const& b);
  void append(std::uint32_t begin, std::uint32_t end);

  Size size_;
  std::uint64_t area_ = 0;
  std::vector<std::uint32_t> bounds_;
};

// The pixels in a, in b, or in both. Throws Error unless both have the same size.
SEPLFLOW_API Mask united(Mask const& a, Mask const& b);

// The pixels in a but not in b. Throws Error unless both have the same size.
SEPLFLOW_API Mask without(Mask const& a, Mask const& b);

// The pixels that have this label.
SEPLFLOW_API Mask mask_of(LabelRuns const& labels, Label label);

// Pixels of the mask for each of the 256 labels. Throws Error unless both have the same size.
// O(runs of the mask + label runs inside its columns).
SEPLFLOW_API std::array<std::uint64_t, 256> overlap_histogram(Mask const& mask, LabelRuns const& labels);

// The label map in which each pixel of the mask has at least this label: labels that are higher stay.
// Throws Error unless both have the same size. O(runs).
SEPLFLOW_API LabelMap raised(LabelMap const& labels, Mask const& mask, Label label);

// A label map that is painted mask over mask.
//
// Each painted label has a number, and each bit of the numbers has a plane with one bit per pixel.
// So 64 pixels are painted at once, and changes in the result are searched 64 pixels at a time.
class SEPLFLOW_API Canvas {
 public:
  // All background.
  explicit Canvas(Size size) : size_(size) {}

  // Gives every pixel of the mask the label. Throws Error unless the mask has the canvas's size.
  void paint(Mask const& mask, Label label);

  LabelMap labels() const;

 private:
  std::size_t number_of(Label label);

  Size size_;
  std::vector<Label> labels_ = {kBackground};       // by number
  std::vector<std::vector<std::uint64_t>> planes_;  // lowest bit first; column-major, as runs are
};

}  // namespace seplflow
