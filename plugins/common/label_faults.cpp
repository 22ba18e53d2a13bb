#include <algorithm>
#include <cmath>

#include "common/fault_stream.hpp"
#include "common/faults.hpp"
#include "common/mask_outline.hpp"

namespace seplflow {
namespace {

// A 4-connected piece of one class.
struct Region {
  Label label;
  Mask mask;
  Mask spill;  // what it takes of the background, besides
};

double size_of(Region const& region) {
  return std::sqrt(static_cast<double>(region.mask.area()));
}

std::uint32_t rounded(double value) {
  return static_cast<std::uint32_t>(value + 0.5);
}

std::vector<Label> classes_in(LabelMap const& labels) {
  std::vector<Label> classes;
  for (int label = 1; label < kIgnore; ++label) {
    if (label_areas(labels)[label] > 0) classes.push_back(static_cast<Label>(label));
  }
  return classes;
}

std::vector<Region> regions_of(LabelMap const& labels, std::vector<Label> const& classes) {
  std::vector<Region> regions;
  for (Label const label : classes) {
    for (Mask& piece : pieces_of(mask_of(labels.runs(), label))) {
      regions.push_back({label, std::move(piece), Mask(labels.size())});
    }
  }
  return regions;
}

void swap_classes(double share, Random random, std::vector<Label> const& classes,
                  std::vector<Region>& regions) {
  for (Region& region : regions) {
    bool const is_chosen = random.chance(share);
    int const others = static_cast<int>(classes.size()) - 1;
    int place = others > 0 ? random.below(others) : 0;
    if (!is_chosen || others < 1) continue;
    if (classes[static_cast<std::size_t>(place)] >= region.label) ++place;
    region.label = classes[static_cast<std::size_t>(place)];
  }
}

// What lies on one side of a line with that direction, so that a share of the pixels is lost.
Mask cut(Mask const& mask, double share, std::int64_t dx, std::int64_t dy) {
  std::vector<std::int64_t> distances;
  distances.reserve(mask.area());
  std::uint32_t const height = mask.size().height;
  auto const for_each = [&](auto&& f) {
    for (std::size_t i = 0; i < mask.bounds().size(); i += 2) {
      for (std::uint32_t p = mask.bounds()[i]; p < mask.bounds()[i + 1]; ++p) {
        f(p, dx * (p / height) + dy * (p % height));
      }
    }
  };
  for_each([&](std::uint32_t, std::int64_t distance) { distances.push_back(distance); });
  auto const lost = static_cast<std::size_t>(share * static_cast<double>(distances.size()));
  if (lost == 0) return mask;
  if (lost >= distances.size()) return Mask(mask.size());
  auto const least = distances.begin() + static_cast<std::ptrdiff_t>(lost);
  std::ranges::nth_element(distances, least);
  std::vector<Run> runs;
  for_each([&](std::uint32_t p, std::int64_t distance) {
    if (distance < *least) return;
    if (runs.empty() || runs.back().end != p) {
      runs.push_back({p, 0});
      runs.push_back({p + 1, 1});
    } else {
      ++runs.back().end;
    }
  });
  return Mask::from_runs(mask.size(), runs, 1);
}

void make_partial(double share, Random random, std::vector<Region>& regions) {
  for (Region& region : regions) {
    std::int64_t const dx = random.below(2001) - 1000, dy = random.below(2001) - 1000;
    region.mask = cut(region.mask, share, dx, dy);
  }
}

void dilate(double share, std::vector<Region>& regions) {
  for (Region& region : regions) {
    region.spill = grown(region.mask, rounded(share * size_of(region) / 2));
  }
}

void add_halo(double share, Random random, std::vector<Region>& regions) {
  for (Region& region : regions) {
    double const reach = share * size_of(region) / 2;
    Mask const around = grown(region.mask, rounded(reach));
    region.spill = united(region.spill, warped(around, reach, 2 * reach + 2, random.bits()));
  }
}

void shift(double share, Random random, std::vector<Region>& regions) {
  for (Region& region : regions) {
    double dx = random.real(-1, 1), dy = random.real(-1, 1);
    double const length = std::sqrt(dx * dx + dy * dy);
    double const by = length > 0 ? share * size_of(region) / length : 0;
    auto const right = static_cast<std::int64_t>(dx * by),
               down = static_cast<std::int64_t>(dy * by);
    region.mask = moved(region.mask, right, down);
    region.spill = moved(region.spill, right, down);
  }
}

void add_blobs(double share, Random random, LabelMap const& labels,
               std::vector<Label> const& classes, std::vector<Region>& regions) {
  constexpr int kBlobs = 3;
  auto const [height, width] = labels.size();
  for (Label const label : classes) {
    double const area = share * static_cast<double>(label_areas(labels)[label]) / kBlobs;
    double const radius = std::sqrt(area / 3.141592653589793);
    for (int i = 0; i < kBlobs; ++i) {
      std::uint32_t const x = ceiling(random.unit() * width - 1, width);
      std::uint32_t const y = ceiling(random.unit() * height - 1, height);
      std::vector<Run> const pixel = {{x * height + y, 0}, {x * height + y + 1, 1}};
      Mask const centre = Mask::from_runs(labels.size(), pixel, 1);
      regions.push_back({label, Mask(labels.size()), grown(centre, rounded(radius - 0.5))});
    }
  }
}

}  // namespace

LabelMap with_faults(LabelMap const& labels, LabelFaults const& faults, std::uint64_t seed,
                     std::string_view sample) {
  if (!faults.any()) return labels;
  seed = fault_seed(seed, sample);
  auto const classes = classes_in(labels);
  auto regions = regions_of(labels, classes);
  auto const stream = [&](Fault fault) { return fault_stream(seed, fault); };
  if (faults.swapped > 0) swap_classes(faults.swapped, stream(Fault::swapped), classes, regions);
  if (faults.partial > 0) make_partial(faults.partial, stream(Fault::partial), regions);
  if (faults.eroded > 0) {
    for (Region& region : regions) {
      region.mask = shrunk(region.mask, rounded(faults.eroded * size_of(region) / 2));
    }
  }
  if (faults.dilated > 0) dilate(faults.dilated, regions);
  if (faults.halo > 0) add_halo(faults.halo, stream(Fault::halo), regions);
  if (faults.shifted > 0) shift(faults.shifted, stream(Fault::shifted), regions);
  if (faults.blobs > 0) add_blobs(faults.blobs, stream(Fault::blobs), labels, classes, regions);
  Canvas canvas(labels.size());
  for (Region const& region : regions) canvas.paint(region.spill, region.label);
  canvas.paint(mask_of(labels.runs(), kIgnore), kIgnore);
  for (Region const& region : regions) canvas.paint(region.mask, region.label);
  return canvas.labels();
}

}  // namespace seplflow
