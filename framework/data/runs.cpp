#include "data/runs.hpp"

#include <algorithm>
#include <cassert>

namespace seplflow {
ColumnRunScanner::ColumnRunScanner(Size size) : size_(size), last_row_(size.width) {}

void ColumnRunScanner::add_row(std::span<std::uint8_t const> row) {
  assert(row.size() == size_.width && rows_ < size_.height);
  if (rows_ == 0) {
    first_row_.assign(row.begin(), row.end());
  } else {
    std::span<std::uint8_t const> const above = last_row_;
    for (std::size_t x = common_prefix(row, above); x < row.size();
         x += 1 + common_prefix(row.subspan(x + 1), above.subspan(x + 1))) {
      changes_.push_back({static_cast<std::uint32_t>(x), rows_, row[x]});
    }
  }
  std::ranges::copy(row, last_row_.begin());
  ++rows_;
}

std::vector<Run> ColumnRunScanner::finish() const {
  assert(rows_ == size_.height);
  // Changes come row by row; a counting sort by column puts them into column-major order.
  std::vector<std::uint32_t> begin_of_column(size_.width + 1);
  for (Change const& change : changes_) ++begin_of_column[change.x + 1];
  for (std::uint32_t x = 0; x < size_.width; ++x) begin_of_column[x + 1] += begin_of_column[x];
  std::vector<Change> by_column(changes_.size());
  std::vector<std::uint32_t> next = begin_of_column;
  for (Change const& change : changes_) by_column[next[change.x]++] = change;

  std::vector<Run> runs;
  runs.reserve(changes_.size() + size_.width);
  auto const start = [&](std::uint32_t position, std::uint8_t value) {
    if (!runs.empty() && runs.back().value == value) return;
    if (!runs.empty()) runs.back().end = position;
    runs.push_back({0, value});
  };
  for (std::uint32_t x = 0; x < size_.width; ++x) {
    std::uint32_t const top = x * size_.height;
    start(top, first_row_[x]);
    for (std::uint32_t i = begin_of_column[x]; i < begin_of_column[x + 1]; ++i) {
      start(top + by_column[i].y, by_column[i].value);
    }
  }
  if (!runs.empty()) runs.back().end = static_cast<std::uint32_t>(size_.pixels());
  return runs;
}

LabelRuns::LabelRuns(LabelMap const& labels) : size_(labels.size()) {
  ColumnRunScanner scanner(size_);
  for (std::uint32_t y = 0; y < size_.height; ++y) scanner.add_row(labels.row(y));
  runs_ = scanner.finish();

  first_of_column_.reserve(size_.width);
  std::uint32_t run = 0;
  for (std::uint32_t x = 0; x < size_.width; ++x) {
    while (runs_[run].end <= x * size_.height) ++run;
    first_of_column_.push_back(run);
  }
}

std::size_t LabelRuns::run_at(std::uint32_t position) const {
  std::size_t run = first_of_column_[position / size_.height];
  while (runs_[run].end <= position) ++run;
  return run;
}

}  // namespace seplflow
