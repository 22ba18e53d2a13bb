// The row filters of PNG for rows of runs, with one byte per pixel. See row_filter.hpp for rows of
// bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <seplflow/runs.hpp>
#include <span>
#include <vector>

#include "formats/image/row_filter.hpp"

namespace seplflow {

// Takes runs apart, from the first to the last.
class RunCursor {
 public:
  explicit RunCursor(std::span<Run const> runs) : runs_(runs) {}

  // Calls f(value, length) for the pieces of the next `count` bytes, which must be there.
  template <class F>
  void take(std::uint32_t count, F const& f) {
    while (count > 0) {
      auto const [end, value] = runs_[run_];
      std::uint32_t const length = std::min(count, end - position_);
      f(value, length);
      position_ += length;
      count -= length;
      if (position_ == end) ++run_;
    }
  }

  // Takes the next `count` bytes if they are zeros of one run.
  bool take_zeros(std::uint32_t count) {
    auto const [end, value] = runs_[run_];
    if (value != 0 || end - position_ < count) return false;
    position_ += count;
    if (position_ == end) ++run_;
    return true;
  }

 private:
  std::span<Run const> runs_;
  std::size_t run_ = 0;
  std::uint32_t position_ = 0;
};

// Decodes rows one after the other, and compares each with the one above.
class RunRows {
 public:
  explicit RunRows(Size size)
      : width_(size.width), scanner_(size), above_{{width_, 0}}, row_{{width_, 0}} {}

  // The next row: its filter and its bytes as stored. Returns false if there is no such filter.
  bool add(RunCursor& stored) {
    // Most rows: 0 is a filter, too.
    bool const is_zero = row_.size() == 1 && row_.front().value == 0;
    if (is_zero && stored.take_zeros(1 + width_)) {
      scanner_.end_row();
      return true;
    }
    std::uint8_t filter = 0;
    stored.take(1, [&](std::uint8_t value, std::uint32_t) { filter = value; });
    std::swap(above_, row_);
    row_.clear();
    switch (filter) {
      case 0:
        stored.take(width_, [&](auto value, auto length) { append(value, length); });
        break;
      case 1:
        from_left(stored);
        break;
      case 2:
        from_above(stored);
        break;
      default:
        if (!from_bytes(stored, filter)) return false;
    }
    find_changes();
    scanner_.end_row();
    return true;
  }

  std::vector<Run> finish() const { return scanner_.finish(); }

 private:
  void append(std::uint8_t value, std::uint32_t length) {
    if (!row_.empty() && row_.back().value == value) {
      row_.back().end += length;
    } else {
      row_.push_back({(row_.empty() ? 0 : row_.back().end) + length, value});
    }
  }

  void from_left(RunCursor& stored) {
    std::uint8_t left = 0;
    stored.take(width_, [&](std::uint8_t added, std::uint32_t length) {
      if (added == 0) {
        append(left, length);
        return;
      }
      for (; length > 0; --length) append(left = static_cast<std::uint8_t>(left + added), 1);
    });
  }

  void from_above(RunCursor& stored) {
    RunCursor above(above_);
    stored.take(width_, [&](std::uint8_t added, std::uint32_t length) {
      above.take(length, [&](std::uint8_t value, std::uint32_t part) {
        append(static_cast<std::uint8_t>(value + added), part);
      });
    });
  }

  // Filters that are rare in such pictures.
  bool from_bytes(RunCursor& stored, std::uint8_t filter) {
    bytes_.clear();
    stored.take(width_,
                [&](auto value, auto length) { bytes_.insert(bytes_.end(), length, value); });
    std::vector<std::uint8_t> pixels(scanner_.last_row().begin(), scanner_.last_row().end());
    auto const ignore = [](std::size_t) {};
    if (!RowFilter(bytes_, pixels, ignore).apply(filter)) return false;
    for_each_equal_run(pixels, [&](auto value, auto length) {
      append(value, static_cast<std::uint32_t>(length));
    });
    return true;
  }

  void find_changes() {
    std::span<std::uint8_t> const pixels = scanner_.last_row();
    auto above = above_.begin();
    std::uint32_t x = 0;
    for (Run const& run : row_) {
      while (x < run.end) {
        std::uint32_t const end = std::min(run.end, above->end);
        for (; run.value != above->value && x < end; ++x) {
          pixels[x] = run.value;
          scanner_.changed(x);
        }
        x = end;
        if (above->end == end) ++above;
      }
    }
  }

  std::uint32_t width_;
  ColumnRunScanner scanner_;
  std::vector<Run> above_, row_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace seplflow
