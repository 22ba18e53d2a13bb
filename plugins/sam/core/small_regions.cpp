#include "core/small_regions.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>
#include <vector>

namespace seplflow::sam {
namespace {

// The pixels of one column with first <= y < end.
struct Segment {
  std::uint32_t x, first, end;
};

std::vector<Segment> segments_of(Mask const& mask) {
  std::uint32_t const height = mask.size().height;
  std::vector<Segment> segments;
  auto const bounds = mask.bounds();
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    for (std::uint32_t at = bounds[i]; at < bounds[i + 1];) {
      std::uint32_t const y = at % height;
      std::uint32_t const length = std::min(height - y, bounds[i + 1] - at);
      segments.push_back({at / height, y, y + length});
      at += length;
    }
  }
  return segments;
}

Mask mask_of(Size size, std::span<Segment const> segments) {
  std::vector<std::uint32_t> counts;
  std::uint32_t end = 0;
  for (Segment const& segment : segments) {
    std::uint32_t const begin = segment.x * size.height + segment.first;
    counts.push_back(begin - end);
    end = begin + segment.end - segment.first;
    counts.push_back(segment.end - segment.first);
  }
  counts.push_back(static_cast<std::uint32_t>(size.pixels()) - end);
  return Mask::from_counts(size, counts);
}

struct Region {
  std::uint64_t area = 0;
  // Where OpenCV, which scans blocks of 2 x 2 pixels row by row, meets the region first.
  std::tuple<std::uint32_t, std::uint32_t> block{~0U, ~0U};
};

// The connected regions of a mask.
class Regions {
 public:
  explicit Regions(std::span<Segment const> segments)
      : segments_(segments), parents_(segments.size()), regions_(segments.size()) {
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
    join_neighbours();
    for (std::size_t i = 0; i < segments.size(); ++i) {
      Segment const& segment = segments[i];
      Region& region = regions_[root(i)];
      region.area += segment.end - segment.first;
      region.block = std::min(region.block, std::tuple(segment.first / 2, segment.x / 2));
    }
  }

  // The region of segment i.
  Region const& of(std::size_t i) { return regions_[root(i)]; }

  // The largest region, of equal ones the first in OpenCV's order. There must be a segment.
  Region const& largest() {
    std::size_t best = root(0);
    for (std::size_t i = 1; i < segments_.size(); ++i) {
      std::size_t const other = root(i);
      bool const larger = regions_[other].area > regions_[best].area;
      bool const earlier = regions_[other].area == regions_[best].area &&
                           regions_[other].block < regions_[best].block;
      if (larger || earlier) best = other;
    }
    return regions_[best];
  }

 private:
  std::size_t root(std::size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }

  // Walks along two neighbouring columns for segments that overlap or meet at a corner.
  void join_neighbours() {
    std::size_t left = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      Segment const& segment = segments_[i];
      while (left < i &&
             (segments_[left].x + 1 < segment.x ||
              (segments_[left].x + 1 == segment.x && segments_[left].end < segment.first))) {
        ++left;
      }
      for (std::size_t j = left;
           j < i && segments_[j].x + 1 == segment.x && segments_[j].first <= segment.end; ++j) {
        parents_[root(j)] = root(i);
      }
    }
  }

  std::span<Segment const> segments_;
  std::vector<std::size_t> parents_;
  std::vector<Region> regions_;
};

Mask full(Size size) {
  return mask_of(size, std::vector<Segment>{{0, 0, static_cast<std::uint32_t>(size.pixels())}});
}

std::optional<Mask> without_small_holes(Mask const& mask, std::uint64_t least) {
  auto const outside = segments_of(without(full(mask.size()), mask));
  Regions regions(outside);
  std::vector<Segment> small;
  for (std::size_t i = 0; i < outside.size(); ++i) {
    if (regions.of(i).area < least) small.push_back(outside[i]);
  }
  if (small.empty()) return std::nullopt;
  return united(mask, mask_of(mask.size(), small));
}

std::optional<Mask> without_small_islands(Mask const& mask, std::uint64_t least) {
  auto const segments = segments_of(mask);
  Regions regions(segments);
  std::vector<Segment> large, largest;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (regions.of(i).area >= least) large.push_back(segments[i]);
  }
  if (large.size() == segments.size()) return std::nullopt;
  if (!large.empty()) return mask_of(mask.size(), large);
  Region const* const stays = &regions.largest();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (&regions.of(i) == stays) largest.push_back(segments[i]);
  }
  return mask_of(mask.size(), largest);
}

}  // namespace

std::optional<Mask> without_small_regions(Mask const& mask, std::uint64_t least) {
  auto filled = without_small_holes(mask, least);
  auto cleaned = without_small_islands(filled ? *filled : mask, least);
  return cleaned ? cleaned : filled;
}

}  // namespace seplflow::sam
