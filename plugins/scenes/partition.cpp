#include "scenes/partition.hpp"

#include <algorithm>

#include "data/runs.hpp"

namespace seplflow::dataset {
namespace {

// The first whole number >= value, held in 0 .. limit.
std::uint32_t ceiling(double value, std::uint32_t limit) {
  if (!(value > 0)) return 0;
  if (value >= limit) return limit;
  auto const truncated = static_cast<std::uint32_t>(value);
  return truncated + (truncated < value);
}

// Calls f(x, y_begin, y_end) for the columns of the picture that the shape meets. A pixel belongs
// to a shape that holds its centre.
template <class F>
void for_each_cut(Shape const& shape, Size size, F&& f) {
  Box const box = bounds(shape);
  std::uint32_t const x_end = ceiling(box.right + 0.5, size.width);
  Columns const columns(shape);
  for (std::uint32_t x = ceiling(box.left - 1.5, size.width); x < x_end; ++x) {
    auto const cut = columns.at(x + 0.5);
    if (!cut) continue;
    std::uint32_t const y_begin = ceiling(cut->begin - 0.5, size.height);
    std::uint32_t const y_end = ceiling(cut->end - 0.5, size.height);
    if (y_begin < y_end) f(x, y_begin, y_end);
  }
}

}  // namespace

void PartSet::insert(int first, int count) {
  std::fill_n(members_.begin() + first, count, true);
}

void PartSet::remove(int first, int count) {
  std::fill_n(members_.begin() + first, count, false);
}

void Region::append_position(std::uint32_t begin, std::uint32_t end) {
  if (begin >= end) return;
  if (!bounds_.empty() && bounds_.back() == begin) {
    bounds_.back() = end;
  } else {
    bounds_.push_back(begin);
    bounds_.push_back(end);
  }
}

void Region::append(std::uint32_t x, std::uint32_t y_begin, std::uint32_t y_end) {
  append_position(x * pitch() + y_begin, x * pitch() + y_end);
}

std::uint64_t Region::area() const {
  std::uint64_t area = 0;
  for (std::size_t i = 0; i < bounds_.size(); i += 2) area += bounds_[i + 1] - bounds_[i];
  return area;
}

Region Region::united(Region const& other) const {
  Region result(size_);
  result.bounds_.reserve(bounds_.size() + other.bounds_.size());
  std::span<std::uint32_t const> a = bounds_, b = other.bounds_;
  while (!a.empty() || !b.empty()) {
    auto& next = b.empty() || (!a.empty() && a[0] <= b[0]) ? a : b;
    std::uint32_t const covered = result.bounds_.empty() ? 0 : result.bounds_.back();
    result.append_position(std::max(next[0], covered), next[1]);
    next = next.subspan(2);
  }
  return result;
}

Region Region::shifted(int columns) const {
  std::int64_t const shift = std::int64_t{columns} * pitch();
  std::int64_t const limit = std::int64_t{size_.width} * pitch();
  Region result(size_);
  result.bounds_.reserve(bounds_.size());
  for (std::size_t i = 0; i < bounds_.size(); i += 2) {
    std::int64_t const begin = bounds_[i] + shift, end = bounds_[i + 1] + shift;
    if (begin < 0 || begin >= limit) continue;
    result.append_position(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
  }
  return result;
}

Region Region::grown() const {
  Region tall(size_);
  tall.bounds_.reserve(bounds_.size());
  for (std::size_t i = 0; i < bounds_.size(); i += 2) {
    std::uint32_t const x = bounds_[i] / pitch(), top = x * pitch();
    std::uint32_t const begin = std::max(bounds_[i], top + 1) - 1;
    std::uint32_t const end = std::min(bounds_[i + 1] + 1, top + size_.height);
    std::uint32_t const covered = tall.bounds_.empty() ? 0 : tall.bounds_.back();
    tall.append_position(std::max(begin, covered), end);
  }
  return tall.united(shifted(-1)).united(shifted(1));
}

Region Region::complement() const {
  Region result(size_);
  std::size_t i = 0;
  for (std::uint32_t x = 0; x < size_.width; ++x) {
    std::uint32_t begin = x * pitch();
    std::uint32_t const end = begin + size_.height;
    for (; i < bounds_.size() && bounds_[i] < end; i += 2) {
      result.append_position(begin, bounds_[i]);
      begin = bounds_[i + 1];
    }
    result.append_position(begin, end);
  }
  return result;
}

Region Region::shrunk() const {
  return complement().grown().complement();
}

Region Region::warped(double reach, double wavelength, std::uint64_t seed) const {
  Noise const noise(seed);
  Region result(size_);
  result.bounds_.reserve(bounds_.size());
  std::uint32_t covered = 0;
  for (std::size_t i = 0; i < bounds_.size(); i += 2) {
    std::uint32_t const x = bounds_[i] / pitch(), top = x * pitch();
    auto const moved = [&](std::uint32_t position) {
      double const y = position - top;
      if (y == 0 || y == size_.height) return position;
      double const shift = reach * noise.at(x / wavelength, y / wavelength);
      return top + ceiling(y + shift - 0.5, size_.height);
    };
    std::uint32_t const begin = std::max(moved(bounds_[i]), covered);
    std::uint32_t const end = moved(bounds_[i + 1]);
    if (begin >= end) continue;
    result.append_position(begin, end);
    covered = end;
  }
  return result;
}

Point Region::pixel(std::uint64_t rank) const {
  std::size_t i = 0;
  while (rank >= bounds_[i + 1] - bounds_[i]) {
    rank -= bounds_[i + 1] - bounds_[i];
    i += 2;
  }
  auto const position = bounds_[i] + static_cast<std::uint32_t>(rank);
  return {static_cast<double>(position / pitch()), static_cast<double>(position % pitch())};
}

Mask Region::mask() const {
  std::vector<Run> runs;
  runs.reserve(bounds_.size() + 1);
  // A column of the picture is one shorter than one of the region.
  std::uint32_t x = 0, next_column = pitch();
  for (std::size_t i = 0; i < bounds_.size(); i += 2) {
    if (bounds_[i] >= next_column) {
      x = bounds_[i] / pitch();
      next_column = (x + 1) * pitch();
    }
    runs.push_back({bounds_[i] - x, 0});
    runs.push_back({bounds_[i + 1] - x, 1});
  }
  return Mask::from_runs(size_, runs, 1);
}

Region region_of(Shape const& shape, Size size) {
  Region region(size);
  for_each_cut(shape, size, [&](std::uint32_t x, std::uint32_t y_begin, std::uint32_t y_end) {
    region.append(x, y_begin, y_end);
  });
  return region;
}

Partition::Partition(Layout const& layout) : size_(layout.size) {
  std::uint32_t const height = size_.height;
  std::vector<std::uint8_t> ids(size_.pixels());  // column-major; the first part covers all
  for (Thing const& thing : layout.things) {
    auto id = static_cast<std::uint8_t>(thing.first_id);
    for (Part const& part : thing.parts) {
      if (id != 0) {
        for_each_cut(part.shape, size_,
                     [&](std::uint32_t x, std::uint32_t begin, std::uint32_t end) {
                       std::uint8_t* const column = ids.data() + std::size_t{x} * height;
                       std::fill(column + begin, column + end, id);
                     });
      }
      ++id;
    }
  }
  first_of_column_.reserve(size_.width + std::size_t{1});
  for (std::uint32_t x = 0; x < size_.width; ++x) {
    first_of_column_.push_back(runs_.size());
    std::uint32_t y = 0;
    std::span const column(ids.data() + std::size_t{x} * height, height);
    for_each_equal_run(column, [&](std::uint8_t id, std::size_t length) {
      y += static_cast<std::uint32_t>(length);
      runs_.push_back({y, id});
    });
  }
  first_of_column_.push_back(runs_.size());
}

Region Partition::region(PartSet const& parts, Box const& box) const {
  Region region(size_);
  std::uint32_t const x_end = ceiling(box.right + 1, size_.width);
  for (std::uint32_t x = ceiling(box.left - 2, size_.width); x < x_end; ++x) {
    std::uint32_t begin = 0;
    for (std::size_t i = first_of_column_[x]; i < first_of_column_[x + 1]; ++i) {
      if (parts.contains(runs_[i].id)) region.append(x, begin, runs_[i].end);
      begin = runs_[i].end;
    }
  }
  return region;
}

LabelMap Partition::relabelled(std::array<Label, kMaxParts> const& owner) const {
  std::vector<Label> rows(size_.pixels());
  // Blocks of columns as wide as a cache line, so that the rows written stay in cache.
  constexpr std::uint32_t kBlock = 64;
  std::vector<std::size_t> next(first_of_column_.begin(), first_of_column_.end());
  for (std::uint32_t x0 = 0; x0 < size_.width; x0 += kBlock) {
    std::uint32_t const x1 = std::min(size_.width, x0 + kBlock);
    for (std::uint32_t y = 0; y < size_.height; ++y) {
      Label* const row = rows.data() + std::size_t{y} * size_.width;
      for (std::uint32_t x = x0; x < x1; ++x) {
        next[x] += runs_[next[x]].end == y;
        row[x] = owner[runs_[next[x]].id];
      }
    }
  }
  return LabelMap(size_, std::move(rows));
}

}  // namespace seplflow::dataset
