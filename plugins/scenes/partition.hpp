// Which part each pixel of a scene belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/mask.hpp"
#include "scenes/layout.hpp"

namespace seplflow::dataset {

// A set of part numbers.
class PartSet {
 public:
  void insert(int first, int count);
  void insert(Thing const& thing) { insert(thing.first_id, static_cast<int>(thing.parts.size())); }
  void remove(int first, int count);
  bool contains(std::uint8_t id) const { return members_[id]; }

 private:
  std::array<bool, kMaxParts> members_{};
};

// A set of pixels as runs inside columns: position = x * (height + 1) + y. The row below the
// picture keeps the runs of neighbouring columns apart.
class Region {
 public:
  explicit Region(Size size) : size_(size) {}

  // Runs come in order; adjacent ones are joined. y_begin <= y_end <= height.
  void append(std::uint32_t x, std::uint32_t y_begin, std::uint32_t y_end);

  std::uint64_t area() const;
  Region united(Region const& other) const;

  // One pixel more or less all round; the border of the picture does not eat it away.
  Region grown() const;
  Region shrunk() const;

  // Its outline pushed up and down by at most `reach` pixels.
  Region warped(double reach, double wavelength, std::uint64_t seed) const;

  // The pixel of this rank, 0 <= rank < area(), in column-major order.
  Point pixel(std::uint64_t rank) const;

  Mask mask() const;

 private:
  std::uint32_t pitch() const { return size_.height + 1; }
  void append_position(std::uint32_t begin, std::uint32_t end);
  Region shifted(int columns) const;
  Region complement() const;

  Size size_;
  std::vector<std::uint32_t> bounds_;  // begin, end, begin, end, ...: strictly increasing
};

// The pixels of a shape, those whose centres it holds.
Region region_of(Shape const& shape, Size size);

// Part numbers as column-major runs. Immutable.
class Partition {
 public:
  explicit Partition(Layout const& layout);

  // What these parts show; everything lies in columns box.left .. box.right.
  Region region(PartSet const& parts, Box const& box) const;

  // The number in `owner` of each pixel's part, row-major.
  LabelMap relabelled(std::array<Label, kMaxParts> const& owner) const;

  // Calls f(upper, lower) for parts that meet at a horizontal edge.
  template <class F>
  void for_each_contact(F&& f) const {
    for (std::size_t x = 0; x + 1 < first_of_column_.size(); ++x) {
      for (std::size_t i = first_of_column_[x] + 1; i < first_of_column_[x + 1]; ++i) {
        f(runs_[i - 1].id, runs_[i].id);
      }
    }
  }

 private:
  struct ColumnRun {
    std::uint32_t end;  // y
    std::uint8_t id;
  };

  Size size_;
  std::vector<ColumnRun> runs_;
  std::vector<std::size_t> first_of_column_;  // one more than columns
};

}  // namespace seplflow::dataset
