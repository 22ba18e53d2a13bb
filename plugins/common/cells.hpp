// The cells into which the masks of an image cut it: pixels that are in the same masks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/mask_set.hpp>
#include <seplflow/runs.hpp>

namespace seplflow {

// Every pixel is in one cell; two pixels are in the same cell if and only if the same masks cover
// them, and they have the same label if the cells are those of a label map. Takes O(runs + segments
// * number of masks / 128). Immutable.
class Cells {
 public:
  // Pixels of one cell that end before column-major position `end`.
  struct Segment {
    std::uint32_t end = 0, cell = 0;
  };

  // Of an image of this size, or of a label map. Throws Error if the masks have another size.
  Cells(MaskSet const& masks, Size size);
  Cells(MaskSet const& masks, LabelRuns const& labels);

  std::size_t count() const { return labels_.size(); }
  // The label of the pixels of the cell; 0 without a label map.
  Label label(std::size_t cell) const { return labels_[cell]; }
  // The numbers of the masks that cover the cell, ascending; empty for what no mask covers.
  std::span<std::uint32_t const> masks_over(std::size_t cell) const {
    return {covers_.data() + cover_ends_[cell], covers_.data() + cover_ends_[cell + 1]};
  }

  // All pixels, in column-major order.
  std::span<Segment const> segments() const { return segments_; }

 private:
  // Divides these segments, whose cells are labels.
  Cells(MaskSet const& masks, Size size, std::vector<Segment> segments);
  void divide(MaskSet const& masks, std::uint32_t first);

  std::vector<Segment> segments_;
  std::vector<Label> labels_;            // by cell
  std::vector<std::uint32_t> covers_;    // what masks_over() returns, cell after cell
  std::vector<std::size_t> cover_ends_;  // in `covers_`: 0, then the end of each cell
};

// Calls f(cell, labels, pixels) for each sequence of pixels on which neither the cell nor a label
// of the maps changes, in column-major order. The maps must have the size of the image.
template <std::size_t N, class F>
void for_each_piece(Cells const& cells, std::array<LabelRuns const*, N> const& maps, F&& f) {
  std::array<Run const*, N> at;
  for (std::size_t i = 0; i < N; ++i) at[i] = maps[i]->runs().data();
  std::uint32_t begin = 0;
  for (Cells::Segment const& segment : cells.segments()) {
    while (begin < segment.end) {
      std::uint32_t end = segment.end;
      std::array<std::uint8_t, N> labels;
      for (std::size_t i = 0; i < N; ++i) {
        labels[i] = at[i]->value;
        if (at[i]->end < end) end = at[i]->end;
      }
      f(segment.cell, labels, end - begin);
      for (Run const*& run : at) run += run->end == end ? 1 : 0;
      begin = end;
    }
  }
}

}  // namespace seplflow
