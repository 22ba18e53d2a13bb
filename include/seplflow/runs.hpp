// Runs of equal pixels: the form in which masks and labels are combined.
//
// COCO, and with it SAM, numbers mask pixels down the columns (position = x * height + y), while
// images are stored row by row. The scanner below converts rows to column-major runs without
// transposing pixels: it visits only positions at which a row differs from the row above.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/size.hpp>

#include <bit>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

namespace seplflow {

// The length of the longest common prefix of a and b, which have the same size.
inline std::size_t common_prefix(std::span<std::uint8_t const> a, std::span<std::uint8_t const> b) {
  constexpr std::size_t kWord = sizeof(std::uint64_t), kBlock = 4 * kWord;
  auto const difference_at = [&](std::size_t at) {
    std::uint64_t left, right;
    __builtin_memcpy(&left, a.data() + at, kWord);  // <cstring> would cost each plugin 450 lines
    __builtin_memcpy(&right, b.data() + at, kWord);
    return left ^ right;
  };
  std::size_t const size = a.size();
  std::size_t i = 0;
  while (i + kBlock <= size &&
         (difference_at(i) | difference_at(i + kWord) | difference_at(i + 2 * kWord) |
          difference_at(i + 3 * kWord)) == 0) {
    i += kBlock;
  }
  for (; i + kWord <= size; i += kWord) {
    if (std::uint64_t const difference = difference_at(i); difference != 0) {
      // The first byte in memory that differs.
      bool const little = std::endian::native == std::endian::little;
      int const bits = little ? std::countr_zero(difference) : std::countl_zero(difference);
      return i + static_cast<std::size_t>(bits) / 8;
    }
  }
  while (i < size && a[i] == b[i]) ++i;
  return i;
}

// Calls f(value, length) for each maximal run of equal bytes, in order.
template <class F>
void for_each_equal_run(std::span<std::uint8_t const> bytes, F&& f) {
  for (std::size_t begin = 0; begin < bytes.size();) {
    std::span const rest = bytes.subspan(begin);
    std::size_t const length = 1 + common_prefix(rest.subspan(1), rest.first(rest.size() - 1));
    f(rest[0], length);
    begin += length;
  }
}

class LabelMap;
class Mask;

// Pixels of one value that end before column-major position `end`.
struct Run {
  std::uint32_t end = 0;
  std::uint8_t value = 0;
  bool operator==(Run const&) const = default;
};

// Converts the rows of an image, top to bottom, to column-major runs.
class SEPLFLOW_API ColumnRunScanner {
 public:
  explicit ColumnRunScanner(Size size);

  // The next row, size.width bytes; at most size.height of them.
  void add_row(std::span<std::uint8_t const> row);

  // For a reader that decodes each row in the place of the row above, instead of add_row: the pixels
  // of the row added last, or zeros before the first. The reader overwrites them, passes each x
  // whose value is another one than before to changed(), and ends the row with end_row().
  std::span<std::uint8_t> last_row() { return last_row_; }
  void changed(std::size_t x) {
    changes_.push_back({static_cast<std::uint32_t>(x), rows_, last_row_[x]});
  }
  void end_row();

  // The runs of the whole image; neighbours differ in value, and the last ends at size.pixels().
  // All rows must have been added.
  std::vector<Run> finish() const;

 private:
  struct Change {
    std::uint32_t x, y;
    std::uint8_t value;
  };

  Size size_;
  std::uint32_t rows_ = 0;
  std::vector<std::uint8_t> first_row_, last_row_;
  std::vector<Change> changes_;
};

// A label map as column-major runs. Immutable.
class SEPLFLOW_API LabelRuns {
 public:
  // Joins consecutive runs of equal value. Throws Error unless the ends increase from run to run
  // and the last is size.pixels().
  LabelRuns(Size size, std::vector<Run> runs);

  Size size() const { return size_; }
  // Neighbours differ in value.
  std::span<Run const> runs() const { return runs_; }

  // Index of the run that contains the column-major position, which does not lie before run `from`;
  // O(log of the runs between them).
  std::size_t run_at(std::uint32_t position, std::size_t from = 0) const;

  bool operator==(LabelRuns const&) const = default;

 private:
  friend LabelMap raised(LabelMap const& labels, Mask const& mask, std::uint8_t label);
  // Of runs that are known to be right.
  static LabelRuns trusted(Size size, std::vector<Run> runs);
  LabelRuns() = default;

  Size size_;
  std::vector<Run> runs_;
};

// The values row by row: the inverse of ColumnRunScanner. Visits only positions at which a row
// differs from the row above.
SEPLFLOW_API std::vector<std::uint8_t> row_major(LabelRuns const& labels);

// Calls f(value of a, value of b, pixels) for each sequence of pixels on which neither changes, in
// column-major order; both have the same size. O(runs).
template <class F>
void for_each_overlap(LabelRuns const& a, LabelRuns const& b, F&& f) {
  assert(a.size() == b.size());
  Run const* left = a.runs().data();
  Run const* right = b.runs().data();
  auto const pixels = static_cast<std::uint32_t>(a.size().pixels());
  for (std::uint32_t begin = 0; begin < pixels;) {
    std::uint32_t const end = left->end < right->end ? left->end : right->end;
    f(left->value, right->value, end - begin);
    left += left->end == end ? 1 : 0;
    right += right->end == end ? 1 : 0;
    begin = end;
  }
}

}  // namespace seplflow
