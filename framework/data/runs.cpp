#include <seplflow/runs.hpp>

#include <algorithm>
#include <cstring>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

[[noreturn]] void throw_bad_end(std::uint32_t position, std::uint32_t end) {
  throw Error("the runs of a label map end at " + std::to_string(position) + " and then at " +
              std::to_string(end) + "; every run must have at least one pixel");
}

// Returns whether neighbours are equal anywhere.
bool check_runs(Size size, std::span<Run const> runs) {
  std::uint32_t position = 0;
  unsigned last = 256;  // not a value
  bool any_equal = false;
  for (Run const& run : runs) {
    if (run.end <= position) throw_bad_end(position, run.end);
    position = run.end;
    any_equal |= run.value == last;
    last = run.value;
  }
  if (position != size.pixels()) {
    throw Error("the runs of a label map end at " + std::to_string(position) + ", but " +
                to_string(size) + " (height x width) has " + std::to_string(size.pixels()) +
                " pixels");
  }
  return any_equal;
}

void join_equal_neighbours(std::vector<Run>& runs) {
  std::size_t last = 0;
  for (Run const& run : runs) {
    if (run.value != runs[last].value) ++last;
    runs[last] = run;
  }
  runs.resize(last + 1);
}

}  // namespace

ColumnRunScanner::ColumnRunScanner(Size size) : size_(size), last_row_(size.width) {}

void ColumnRunScanner::add_row(std::span<std::uint8_t const> row) {
  assert(row.size() == size_.width && rows_ < size_.height);
  std::span<std::uint8_t const> const above = last_row_;
  for (std::size_t x = common_prefix(row, above); x < row.size();
       x += 1 + common_prefix(row.subspan(x + 1), above.subspan(x + 1))) {
    last_row_[x] = row[x];
    changed(x);
  }
  end_row();
}

void ColumnRunScanner::end_row() {
  if (rows_ == 0) {
    first_row_ = last_row_;
    changes_.clear();
  }
  ++rows_;
}

std::vector<Run> ColumnRunScanner::finish() const {
  assert(rows_ == size_.height);
  // Changes are in row order; a counting sort by column gives column-major order.
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

LabelRuns::LabelRuns(Size size, std::vector<Run> runs)
    : size_(checked_size(size.height, size.width, "a label map")), runs_(std::move(runs)) {
  if (check_runs(size_, runs_)) join_equal_neighbours(runs_);
}

LabelRuns LabelRuns::trusted(Size size, std::vector<Run> runs) {
  LabelRuns labels;
  labels.size_ = size;
  labels.runs_ = std::move(runs);
  return labels;
}

std::size_t LabelRuns::run_at(std::uint32_t position, std::size_t from) const {
  // Steps that double, since the run is mostly close.
  std::size_t first = from, step = 1;
  while (first + step < runs_.size() && runs_[first + step - 1].end <= position) {
    first += step;
    step *= 2;
  }
  std::size_t last = std::min(first + step, runs_.size()) - 1;
  while (first < last) {
    std::size_t const middle = (first + last) / 2;
    if (runs_[middle].end <= position) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

std::vector<std::uint8_t> row_major(LabelRuns const& labels) {
  // No structured binding: clang 14 cannot capture one in a lambda.
  std::uint32_t const height = labels.size().height, width = labels.size().width;
  std::span<Run const> const runs = labels.runs();
  // Calls f(x, y, value) where the value of column x changes at row y > 0.
  auto const for_each_change = [&](auto&& f) {
    std::uint32_t x = 0, top = 0;
    for (std::size_t i = 0; i + 1 < runs.size(); ++i) {
      while (runs[i].end >= top + height) {
        ++x;
        top += height;
      }
      if (runs[i].end > top) f(x, runs[i].end - top, runs[i + 1].value);
    }
  };
  // Changes are in column order; a counting sort by row gives row-major order.
  struct Change {
    std::uint32_t x;
    std::uint8_t value;
  };
  std::vector<std::uint32_t> begin_of_row(height + 1);
  for_each_change([&](auto, std::uint32_t y, auto) { ++begin_of_row[y + 1]; });
  for (std::uint32_t y = 0; y < height; ++y) begin_of_row[y + 1] += begin_of_row[y];
  std::vector<Change> by_row(begin_of_row[height]);
  std::vector<std::uint32_t> next = begin_of_row;
  for_each_change([&](std::uint32_t x, std::uint32_t y, std::uint8_t value) {
    by_row[next[y]++] = {x, value};
  });

  std::vector<std::uint8_t> pixels(labels.size().pixels());
  std::size_t run = 0;
  for (std::uint32_t x = 0; x < width; ++x) {
    run = labels.run_at(x * height, run);
    pixels[x] = runs[run].value;
  }
  for (std::uint32_t y = 1; y < height; ++y) {
    std::uint8_t* const row = pixels.data() + std::size_t{y} * width;
    std::memcpy(row, row - width, width);
    for (std::uint32_t i = begin_of_row[y]; i < begin_of_row[y + 1]; ++i) {
      row[by_row[i].x] = by_row[i].value;
    }
  }
  return pixels;
}

}  // namespace seplflow
