// The row filters of PNG, for one byte per pixel or less. A row is decoded in the place of the row
// above, and only positions that may differ from it are visited: in masks and labels these are few.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <seplflow/runs.hpp>

namespace seplflow {

// Calls change(x) for each byte of a row that differs from the row above, in order.
//
//   RowFilter filter{stored, row, change}: `stored` is the row as the file has it, without the byte
//   of the filter; `row` has the same size and holds the row above, and then this one.
template <class Change>
class RowFilter {
 public:
  RowFilter(std::span<std::uint8_t const> stored, std::span<std::uint8_t> row, Change const& change)
      : stored_(stored), row_(row), change_(change) {}

  // Returns false, and does nothing, unless `type` is one of the five filters.
  bool apply(std::uint8_t type) {
    switch (type) {
      case 0:
        from_nothing();
        return true;
      case 1:
        from_left();
        return true;
      case 2:
        from_above();
        return true;
      case 3:
        from_average();
        return true;
      case 4:
        from_closest();
        return true;
      default:
        return false;
    }
  }

 private:
  using Bytes = std::span<std::uint8_t const>;

  // The first position from x on, before `end`, at which the byte is not `value`; or `end`.
  static std::size_t first_other(Bytes bytes, std::size_t x, std::size_t end, std::uint8_t value) {
    if (x == end || bytes[x] != value) return x;
    std::size_t const rest = end - x - 1;
    return x + 1 + common_prefix(bytes.subspan(x + 1, rest), bytes.subspan(x, rest));
  }
  std::size_t first_nonzero(std::size_t x) const {
    return first_other(stored_, x, stored_.size(), 0);
  }

  void set(std::size_t x, std::uint8_t value) {
    if (row_[x] == value) return;
    row_[x] = value;
    change_(x);
  }

  static std::uint8_t sum(unsigned a, unsigned b) { return static_cast<std::uint8_t>(a + b); }

  void from_nothing() {
    for (std::size_t x = 0; x < row_.size(); ++x) {
      x += common_prefix(stored_.subspan(x), Bytes(row_).subspan(x));
      if (x < row_.size()) set(x, stored_[x]);
    }
  }

  void from_left() {
    std::uint8_t value = 0;
    for (std::size_t x = 0; x < row_.size();) {
      value = sum(value, stored_[x]);
      std::size_t const end = first_nonzero(x + 1);  // of the pixels of this value
      while ((x = first_other(row_, x, end, value)) < end) set(x, value);
    }
  }

  void from_above() {
    for (std::size_t x = 0; (x = first_nonzero(x)) < row_.size(); ++x) {
      set(x, sum(row_[x], stored_[x]));
    }
  }

  void from_average() {
    std::uint8_t left = 0;
    for (std::size_t x = 0; x < row_.size();) {
      if (stored_[x] == 0 && row_[x] == left) {
        // Where left and above are equal, so is their average.
        x = first_other(row_, x, first_nonzero(x), left);
        continue;
      }
      left = sum(stored_[x], (unsigned{left} + row_[x]) / 2);
      set(x++, left);
    }
  }

  void from_closest() {
    std::uint8_t left = 0, above_left = 0;
    for (std::size_t x = 0; x < row_.size(); ++x) {
      if (left == above_left) {
        // Behind a pixel that equals the one above, the closest is again the one above.
        std::size_t const next = first_nonzero(x);
        if (next == row_.size()) return;
        if (next > x) left = above_left = row_[next - 1];
        x = next;
      }
      std::uint8_t const above = row_[x];
      left = sum(stored_[x], closest(left, above, above_left));
      above_left = above;
      set(x, left);
    }
  }

  // Of the three, the one closest to left + above - above_left.
  static std::uint8_t closest(int left, int above, int above_left) {
    int const to_left = std::abs(above - above_left), to_above = std::abs(left - above_left);
    int const to_above_left = std::abs(left + above - 2 * above_left);
    bool const is_left = to_left <= to_above && to_left <= to_above_left;
    int const found = is_left ? left : to_above <= to_above_left ? above : above_left;
    return static_cast<std::uint8_t>(found);
  }

  Bytes stored_;
  std::span<std::uint8_t> row_;
  Change const& change_;
};

}  // namespace seplflow
