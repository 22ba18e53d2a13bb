#include "boundary_counts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace seplflow::eval {
namespace {

std::optional<double> quotient(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

double diagonal(Size size) {
  double const height = size.height, width = size.width;
  return std::sqrt(height * height + width * width);
}

// Lowers the distances of pixels to what those of their neighbours allow.
void lower_by(std::uint32_t* distances, Label const* labels, std::uint32_t const* near_distances,
              Label const* near_labels, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t const distance = near_labels[i] != labels[i] ? 1 : near_distances[i] + 1;
    distances[i] = std::min(distances[i], distance);
  }
}

// For each pixel the distance to the nearest pixel with another label, where one step goes to any
// of the eight neighbours; far more than any distance where all labels are equal. Two passes are
// exact, because the steps of a shortest path can be sorted into those of each pass.
std::vector<std::uint32_t> distances_to_others(std::span<Label const> labels, Size size) {
  std::vector<std::uint32_t> distances(labels.size(), std::uint32_t{1} << 30);
  std::size_t const height = size.height, width = size.width;
  auto const lower = [&](std::size_t at, std::size_t near, std::size_t count) {
    lower_by(&distances[at], &labels[at], &distances[near], &labels[near], count);
  };
  auto const lower_row = [&](std::size_t row, std::size_t near) {
    lower(row, near, width);
    if (width > 1) lower(row + 1, near, width - 1);
    if (width > 1) lower(row, near + 1, width - 1);
  };
  for (std::size_t y = 0; y < height; ++y) {
    std::size_t const row = y * width;
    if (y > 0) lower_row(row, row - width);
    for (std::size_t x = 1; x < width; ++x) lower(row + x, row + x - 1, 1);
  }
  for (std::size_t y = height; y-- > 0;) {
    std::size_t const row = y * width;
    if (y + 1 < height) lower_row(row, row + width);
    for (std::size_t x = width - 1; x > 0; --x) lower(row + x - 1, row + x, 1);
  }
  return distances;
}

// The pixels that have another label than the one to the right, the one below, or the one between
// these: they are on the contours of all four labels. There is no contour along the picture's edge.
std::map<Label, std::vector<std::uint32_t>> contours_of(std::span<Label const> labels, Size size) {
  std::map<Label, std::vector<std::uint32_t>> contours;
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint32_t x = 0; x < size.width; ++x) {
      std::uint32_t const at = y * size.width + x;
      bool const right = x + 1 < size.width, below = y + 1 < size.height;
      Label const own = labels[at];
      std::array<Label, 4> const around = {own, right ? labels[at + 1] : own,
                                           below ? labels[at + size.width] : own,
                                           right && below ? labels[at + size.width + 1] : own};
      if (around[1] == own && around[2] == own && around[3] == own) continue;
      for (auto each = around.begin(); each != around.end(); ++each) {
        bool const is_first = std::find(around.begin(), each, *each) == each;
        if (is_first && *each != kIgnore) contours[*each].push_back(at);
      }
    }
  }
  return contours;
}

// The part of a picture that holds all positions of two lists.
class Box {
 public:
  Box(std::vector<std::uint32_t> const& a, std::vector<std::uint32_t> const& b, Size size)
      : width_(size.width) {
    std::uint32_t last_x = 0, last_y = 0;
    first_x_ = first_y_ = UINT32_MAX;
    for (auto const* const positions : {&a, &b}) {
      for (std::uint32_t const position : *positions) {
        std::uint32_t const x = position % width_, y = position / width_;
        first_x_ = std::min(first_x_, x);
        last_x = std::max(last_x, x);
        first_y_ = std::min(first_y_, y);
        last_y = std::max(last_y, y);
      }
    }
    columns = last_x - first_x_ + 1;
    rows = last_y - first_y_ + 1;
  }

  std::size_t place_of(std::uint32_t position) const {
    return std::size_t{position / width_ - first_y_} * columns + (position % width_ - first_x_);
  }

  std::uint32_t columns, rows;

 private:
  std::uint32_t width_, first_x_, first_y_;
};

// For each row of a disc, counted from its middle, how far it reaches to both sides.
std::vector<std::int64_t> reaches_of(std::uint32_t radius) {
  std::vector<std::int64_t> reaches;
  auto const r = static_cast<std::int64_t>(radius);
  for (std::int64_t dy = 0, reach = r; dy <= r; ++dy) {
    while (reach * reach + dy * dy > r * r) --reach;
    reaches.push_back(reach);
  }
  return reaches;
}

// How many of the positions have one of the others within the radius.
std::uint64_t count_matched(std::vector<std::uint32_t> const& positions,
                            std::vector<std::uint32_t> const& others, std::uint32_t radius,
                            Size size) {
  if (positions.empty() || others.empty()) return 0;
  Box const box(positions, others, size);
  std::uint32_t const far = radius + 1;
  std::size_t const area = std::size_t{box.rows} * box.columns;
  // The distance in the column, at most `far`.
  std::vector<std::uint32_t> above(area, far);
  for (std::uint32_t const position : others) above[box.place_of(position)] = 0;
  for (std::size_t at = box.columns; at < area; ++at) {
    above[at] = std::min(above[at], above[at - box.columns] + 1);
  }
  for (std::size_t at = area - box.columns; at-- > 0;) {
    above[at] = std::min(above[at], above[at + box.columns] + 1);
  }
  std::vector<std::int64_t> const reaches = reaches_of(radius);
  std::vector<bool> is_near(area);
  for (std::size_t row = 0; row < area; row += box.columns) {
    auto const columns = static_cast<std::int64_t>(box.columns);
    std::int64_t last = -1, first = columns;
    for (std::int64_t x = 0; x < columns; ++x) {
      std::uint32_t const distance = above[row + static_cast<std::size_t>(x)];
      if (distance < far) last = std::max(last, x + reaches[distance]);
      if (x <= last) is_near[row + static_cast<std::size_t>(x)] = true;
    }
    for (std::int64_t x = columns - 1; x >= 0; --x) {
      std::uint32_t const distance = above[row + static_cast<std::size_t>(x)];
      if (distance < far) first = std::min(first, x - reaches[distance]);
      if (x >= first) is_near[row + static_cast<std::size_t>(x)] = true;
    }
  }
  return static_cast<std::uint64_t>(std::ranges::count_if(
      positions, [&](std::uint32_t position) { return is_near[box.place_of(position)]; }));
}

}  // namespace

BoundaryCounts& BoundaryCounts::operator+=(BoundaryCounts const& other) {
  truth_region += other.truth_region;
  labels_region += other.labels_region;
  both_regions += other.both_regions;
  truth_contour += other.truth_contour;
  truth_matched += other.truth_matched;
  labels_contour += other.labels_contour;
  labels_matched += other.labels_matched;
  return *this;
}

std::optional<double> BoundaryCounts::iou() const {
  return quotient(both_regions, truth_region + labels_region - both_regions);
}

std::optional<double> BoundaryCounts::precision() const {
  return quotient(labels_matched, labels_contour);
}

std::optional<double> BoundaryCounts::recall() const {
  return quotient(truth_matched, truth_contour);
}

std::optional<double> BoundaryCounts::f() const {
  if (truth_contour + labels_contour == 0) return std::nullopt;
  double const p = precision().value_or(0), r = recall().value_or(0);
  return p + r == 0 ? 0 : 2 * p * r / (p + r);
}

BoundaryTruth::BoundaryTruth(LabelMap const& truth, std::size_t classes,
                             BoundaryOptions const& options)
    : truth_(truth), classes_(classes), options_(options), size_(truth.size()) {
  // As the published code rounds: halves to even.
  double const dilation = std::nearbyint(options.dilation_ratio * diagonal(size_));
  dilation_ = static_cast<std::uint32_t>(std::max(dilation, 1.0));
  radius_ = static_cast<std::uint32_t>(std::ceil(options.tolerance * diagonal(size_)));
  distance_ = distances_to_others(truth.pixels(), size_);
  contours_ = contours_of(truth.pixels(), size_);
}

ImageCounts BoundaryTruth::compare(LabelMap const& labels) const {
  require_same_size(size_, "the ground truth", labels.size(), "the prediction");
  std::span<Label const> const truth = truth_.pixels();
  std::vector<Label> known(labels.pixels().begin(), labels.pixels().end());
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (truth[i] == kIgnore) known[i] = kIgnore;
  }
  ImageCounts counts;
  count_regions(known, counts);
  count_contours(known, counts);
  count_bands(labels, counts);
  return counts;
}

void BoundaryTruth::count_regions(std::vector<Label> const& labels, ImageCounts& counts) const {
  std::span<Label const> const truth = truth_.pixels();
  auto const distances = distances_to_others(labels, size_);
  std::array<BoundaryCounts, 256> of{};
  for (std::uint32_t y = 0, at = 0; y < size_.height; ++y) {
    for (std::uint32_t x = 0; x < size_.width; ++x, ++at) {
      // Beyond the picture's edge everything is outside.
      std::uint32_t const edge = std::min({x, y, size_.width - 1 - x, size_.height - 1 - y}) + 1;
      bool const in_truth = std::min(edge, distance_[at]) <= dilation_;
      bool const in_labels = std::min(edge, distances[at]) <= dilation_;
      if (in_truth) ++of[truth[at]].truth_region;
      if (in_labels) ++of[labels[at]].labels_region;
      if (in_truth && in_labels && truth[at] == labels[at]) ++of[truth[at]].both_regions;
    }
  }
  for (int label = 0; label < kIgnore; ++label) {
    if (of[label].truth_region + of[label].labels_region == 0) continue;
    counts.classes[static_cast<Label>(label)] += of[label];
  }
}

void BoundaryTruth::count_contours(std::vector<Label> const& labels, ImageCounts& counts) const {
  Contours const contours = contours_of(labels, size_);
  for (auto const& [label, positions] : contours) {
    BoundaryCounts& of = counts.classes[label];
    of.labels_contour = positions.size();
    auto const truth = contours_.find(label);
    if (truth == contours_.end()) continue;
    of.labels_matched = count_matched(positions, truth->second, radius_, size_);
    of.truth_matched = count_matched(truth->second, positions, radius_, size_);
  }
  for (auto const& [label, positions] : contours_) {
    counts.classes[label].truth_contour = positions.size();
  }
}

// A pixel is counted for the narrowest band that holds it, and wider bands hold it too.
void BoundaryTruth::count_bands(LabelMap const& labels, ImageCounts& counts) const {
  auto const& bands = options_.bands;
  std::size_t const columns = classes_ + 1;
  std::vector<std::vector<std::uint64_t>> pixels(bands.size(),
                                                 std::vector<std::uint64_t>(classes_ * columns));
  std::span<Label const> const truth = truth_.pixels(), predicted = labels.pixels();
  for (std::size_t at = 0; at < truth.size(); ++at) {
    if (truth[at] == kIgnore) continue;
    auto const band = std::ranges::lower_bound(bands, std::int64_t{distance_[at]});
    if (band == bands.end()) continue;
    std::size_t const column = predicted[at] == kIgnore ? classes_ : predicted[at];
    ++pixels[static_cast<std::size_t>(band - bands.begin())][truth[at] * columns + column];
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    auto& pairs = counts.bands.emplace_back();
    for (std::size_t place = 0; place < pixels[b].size(); ++place) {
      if (b > 0) pixels[b][place] += pixels[b - 1][place];
      if (pixels[b][place] == 0) continue;
      pairs.push_back({static_cast<std::uint32_t>(place), pixels[b][place]});
    }
  }
}

}  // namespace seplflow::eval
