#include "data/mask.hpp"

#include <algorithm>

#include "data/error.hpp"

namespace seplflow {

void Mask::append(std::uint32_t begin, std::uint32_t end) {
  if (begin == end) return;
  area_ += end - begin;
  if (!bounds_.empty() && bounds_.back() == begin) {
    bounds_.back() = end;
  } else {
    bounds_.push_back(begin);
    bounds_.push_back(end);
  }
}

Mask Mask::from_counts(Size size, std::span<std::uint32_t const> counts) {
  Mask mask(size);
  mask.bounds_.reserve(counts.size() + 1);
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::uint64_t const end = position + counts[i];
    if (end > size.pixels()) break;
    if (i % 2 == 1) {
      mask.append(static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(end));
    }
    position = end;
  }
  std::uint64_t total = 0;
  for (std::uint32_t const count : counts) total += count;
  if (total != size.pixels()) {
    throw Error("the runs of a mask add up to " + std::to_string(total) + " pixels, but " +
                to_string(size) + " (height x width) has " + std::to_string(size.pixels()));
  }
  return mask;
}

Mask Mask::from_runs(Size size, std::span<Run const> runs, std::uint8_t inside) {
  Mask mask(size);
  std::uint32_t begin = 0;
  for (Run const& run : runs) {
    if (run.value == inside) mask.append(begin, run.end);
    begin = run.end;
  }
  return mask;
}

std::vector<std::uint32_t> Mask::counts() const {
  std::vector<std::uint32_t> counts;
  counts.reserve(bounds_.size() + 1);
  std::uint32_t position = 0;
  for (std::uint32_t const bound : bounds_) {
    counts.push_back(bound - position);
    position = bound;
  }
  auto const pixels = static_cast<std::uint32_t>(size_.pixels());
  if (position < pixels || counts.empty()) counts.push_back(pixels - position);
  return counts;
}

Mask united(Mask const& a, Mask const& b) {
  require_same_size(a.size(), "a mask", b.size(), "another mask");
  Mask result(a.size());
  result.bounds_.reserve(a.bounds_.size() + b.bounds_.size());
  auto const merge = [&result](std::uint32_t begin, std::uint32_t end) {
    std::uint32_t const covered = result.bounds_.empty() ? 0 : result.bounds_.back();
    if (end > covered) result.append(std::max(begin, covered), end);
  };
  for (std::size_t i = 0, j = 0; i < a.bounds_.size() || j < b.bounds_.size();) {
    bool const take_a =
        j == b.bounds_.size() || (i < a.bounds_.size() && a.bounds_[i] <= b.bounds_[j]);
    if (take_a) {
      merge(a.bounds_[i], a.bounds_[i + 1]);
      i += 2;
    } else {
      merge(b.bounds_[j], b.bounds_[j + 1]);
      j += 2;
    }
  }
  return result;
}

Mask without(Mask const& a, Mask const& b) {
  require_same_size(a.size(), "a mask", b.size(), "another mask");
  Mask result(a.size());
  std::size_t j = 0;
  for (std::size_t i = 0; i < a.bounds_.size(); i += 2) {
    std::uint32_t begin = a.bounds_[i];
    std::uint32_t const end = a.bounds_[i + 1];
    while (j < b.bounds_.size() && b.bounds_[j + 1] <= begin) j += 2;
    // A run of b may reach into the next run of a, so j stays on it.
    for (std::size_t k = j; begin < end; k += 2) {
      bool const cut = k < b.bounds_.size() && b.bounds_[k] < end;
      result.append(begin, cut ? std::max(begin, b.bounds_[k]) : end);
      if (!cut) break;
      begin = b.bounds_[k + 1];
    }
  }
  return result;
}

Mask mask_of(LabelRuns const& labels, Label label) {
  return Mask::from_runs(labels.size(), labels.runs(), label);
}

std::array<std::uint64_t, 256> overlap_histogram(Mask const& mask, LabelRuns const& labels) {
  require_same_size(mask.size(), "a mask", labels.size(), "the label map");
  std::array<std::uint64_t, 256> histogram{};
  std::span<Run const> const runs = labels.runs();
  std::span<std::uint32_t const> const bounds = mask.bounds();
  std::uint32_t const height = labels.size().height;
  std::size_t run = 0;
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t begin = bounds[i];
    std::uint32_t const end = bounds[i + 1];
    // Within a column or so the next run is near; further away the column index finds it.
    if (begin > runs[run].end + height) run = labels.run_at(begin);
    while (runs[run].end <= begin) ++run;
    while (begin < end) {
      std::uint32_t const stop = std::min(end, runs[run].end);
      histogram[runs[run].value] += stop - begin;
      begin = stop;
      if (runs[run].end == stop && begin < end) ++run;
    }
  }
  return histogram;
}

void Canvas::paint(Mask const& mask, Label label) {
  require_same_size(mask.size(), "a mask", size_, "the canvas");
  std::span<std::uint32_t const> const bounds = mask.bounds();
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::fill(columns_.begin() + bounds[i], columns_.begin() + bounds[i + 1], label);
  }
}

LabelMap Canvas::labels() const {
  // Square tiles keep both the columns read and the rows written in cache.
  constexpr std::uint32_t kTile = 32;
  std::vector<Label> rows(size_.pixels());
  for (std::uint32_t x0 = 0; x0 < size_.width; x0 += kTile) {
    std::uint32_t const x1 = std::min(size_.width, x0 + kTile);
    for (std::uint32_t y0 = 0; y0 < size_.height; y0 += kTile) {
      std::uint32_t const y1 = std::min(size_.height, y0 + kTile);
      for (std::uint32_t y = y0; y < y1; ++y) {
        Label const* const column = columns_.data() + y;
        Label* const row = rows.data() + std::size_t{y} * size_.width;
        for (std::uint32_t x = x0; x < x1; ++x) row[x] = column[std::size_t{x} * size_.height];
      }
    }
  }
  return LabelMap(size_, std::move(rows));
}

}  // namespace seplflow
