// The pixels of an image in groups that the rule of sepl.consensus treats alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/label_map.hpp>
#include <seplflow/mask_set.hpp>
#include "common/cells.hpp"

namespace seplflow {

struct PixelGroups {
  // The pixels of a cell with one pseudo-label. A cell are the pixels in the same masks and with
  // the same pseudo-label, or a 4-connected piece of what no mask covers.
  struct Group {
    std::uint32_t cell;
    Label pseudo;
    std::uint64_t pixels;
  };
  // Pixels of one group that end before column-major position `end`.
  struct Segment {
    std::uint32_t end, group;
  };
  // A mask or a piece.
  struct Voter {
    std::uint64_t known = 0;                   // its pixels whose pseudo-label is not 255
    std::vector<std::uint64_t> of_class = {};  // of these, the pixels of each class

    // What it votes for: the share of it that the pseudo-label gives to the class.
    double share(std::size_t k) const {
      return known == 0 ? 0 : static_cast<double>(of_class[k]) / static_cast<double>(known);
    }
  };

  // Throws Error when the masks have another size than the labels.
  PixelGroups(LabelMap const& pseudo, MaskSet const& masks);

  std::size_t cell_count() const { return covered.count() + pieces.size(); }
  // The voters of a cell, ascending: masks by their numbers, or the piece.
  std::span<std::uint32_t const> voters_over(std::size_t cell) const {
    return cell < covered.count() ? covered.masks_over(cell)
                                  : std::span(pieces).subspan(cell - covered.count(), 1);
  }

  Size size;
  std::vector<Label> classes;               // of the pseudo-label, ascending; 0 and 255 are none
  std::vector<std::uint64_t> class_pixels;  // by class
  std::vector<Voter> voters;                // the masks, then the pieces
  Cells covered;                            // cells that no mask covers have no groups
  std::vector<std::uint32_t> pieces;        // their numbers as voters
  std::vector<Group> groups;
  std::vector<Segment> segments;

 private:
  std::vector<std::uint32_t> add_covered_groups();
  void find_groups();
  void count_votes();
};

}  // namespace seplflow
