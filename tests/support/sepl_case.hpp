// Small pictures with masks, pixel by pixel, for tests of the stages of SEPL.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <seplflow/mask_set.hpp>
#include <seplflow/runs.hpp>
#include "sepl/select.hpp"
#include "support/random_cases.hpp"

using Pixels = std::vector<seplflow::Label>;  // row-major; of a mask 1 inside, 0 outside

struct Case {
  seplflow::Size size;
  Pixels pseudo;
  std::vector<Pixels> masks;
};

inline seplflow::MaskSet masks_of(Case const& c) {
  using namespace seplflow;
  std::vector<MaskSet::Entry> entries;
  for (Pixels const& inside : c.masks) {
    entries.push_back({mask_of(LabelMap(c.size, inside).runs(), 1), std::nullopt});
  }
  return MaskSet(std::move(entries));
}

// Both steps of sepl.select.
inline seplflow::LabelMap merged(seplflow::sepl::Select const& select,
                                 seplflow::LabelMap const& pseudo, seplflow::MaskSet const& masks,
                                 seplflow::OverlapTable const& overlaps) {
  return std::get<0>(
      select.carry_out(select.decide(pseudo, masks, overlaps), pseudo, masks, overlaps));
}

inline Pixels pixels_of(seplflow::LabelMap const& labels) {
  return {labels.pixels().begin(), labels.pixels().end()};
}

inline unsigned below(std::mt19937& random, unsigned bound) {
  return static_cast<unsigned>(random() % bound);
}

// A rectangle, now and then with holes in it.
inline void draw(Pixels& pixels, seplflow::Size size, seplflow::Label value, std::mt19937& random) {
  std::uint32_t const y0 = below(random, size.height), x0 = below(random, size.width);
  std::uint32_t const y1 = y0 + 1 + below(random, size.height - y0);
  std::uint32_t const x1 = x0 + 1 + below(random, size.width - x0);
  bool const holes = below(random, 4) == 0;
  for (std::uint32_t y = y0; y < y1; ++y) {
    for (std::uint32_t x = x0; x < x1; ++x) {
      if (!holes || below(random, 3) != 0) pixels[y * size.width + x] = value;
    }
  }
}

// Up to 7 x 7 pixels, 5 shapes of few classes and of ignore, 8 masks.
inline Case random_case(std::mt19937& random) {
  constexpr std::array<seplflow::Label, 6> kLabels{1, 2, 3, 20, 254, 255};
  Case c{{1 + below(random, 7), 1 + below(random, 7)}, {}, {}};
  c.pseudo.assign(c.size.pixels(), 0);
  for (unsigned shapes = below(random, 6); shapes > 0; --shapes) {
    draw(c.pseudo, c.size, kLabels[below(random, kLabels.size())], random);
  }
  c.masks.assign(below(random, 9), Pixels(c.size.pixels()));
  for (Pixels& mask : c.masks) draw(mask, c.size, 1, random);
  return c;
}
