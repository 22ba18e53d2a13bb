#include <seplflow/overlap_table.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

using Pixels = std::vector<Label>;

// The mask of the pixels that are not 0.
Mask mask_from(Size size, Pixels const& inside) {
  return mask_of(LabelMap(size, inside).runs(), 1);
}

Pixels random_pixels(Size size, unsigned values, std::mt19937& random) {
  Pixels pixels(size.pixels());
  for (Label& pixel : pixels) pixel = static_cast<Label>(random() % values);
  return pixels;
}

struct OverlapCounts {
  std::map<Label, std::uint64_t> class_areas;
  std::vector<std::uint64_t> mask_areas;
  std::vector<std::map<Label, std::uint64_t>> overlaps;  // of each mask
};

OverlapCounts count(Pixels const& labels, std::vector<Pixels> const& masks) {
  OverlapCounts counts;
  auto const is_class = [](Label label) { return label != kBackground && label != kIgnore; };
  for (Label const label : labels) {
    if (is_class(label)) ++counts.class_areas[label];
  }
  for (Pixels const& mask : masks) {
    counts.mask_areas.push_back(static_cast<std::uint64_t>(std::ranges::count(mask, 1)));
    auto& overlaps = counts.overlaps.emplace_back();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (mask[i] == 1 && is_class(labels[i])) ++overlaps[labels[i]];
    }
  }
  return counts;
}

}  // namespace

TEST_CASE("an overlap table equals the counts of a loop over the pixels") {
  std::mt19937 random(41);
  for (int round = 0; round < 1500; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 9),
                    1 + static_cast<std::uint32_t>(random() % 9)};
    Pixels labels = random_pixels(size, 6, random);
    for (Label& label : labels) label = std::array<Label, 6>{0, 1, 2, 20, 254, 255}[label];
    std::vector<Pixels> masks(random() % 7);
    std::vector<MaskSet::Entry> entries;
    for (Pixels& mask : masks) {
      mask = random_pixels(size, 2, random);
      entries.push_back({mask_from(size, mask), std::nullopt});
    }
    OverlapCounts const expected = count(labels, masks);
    OverlapTable const table(LabelMap(size, labels), MaskSet(entries));

    REQUIRE(table.masks() == masks.size());
    REQUIRE(table.classes().size() == expected.class_areas.size());
    std::size_t k = 0;
    for (auto const& [label, area] : expected.class_areas) {
      REQUIRE(table.classes()[k] == label);
      REQUIRE(table.class_areas()[k] == area);
      for (std::size_t i = 0; i < masks.size(); ++i) {
        auto const found = expected.overlaps[i].find(label);
        REQUIRE(table.overlaps(i)[k] == (found == expected.overlaps[i].end() ? 0 : found->second));
      }
      ++k;
    }
    for (std::size_t i = 0; i < masks.size(); ++i) {
      REQUIRE(table.mask_area(i) == expected.mask_areas[i]);
      Label best = 0;
      for (auto const& [label, common] : expected.overlaps[i]) {
        if (best == 0 || common > expected.overlaps[i].at(best)) best = label;
      }
      auto const assigned = table.assigned(i);
      REQUIRE((assigned ? table.classes()[*assigned] : Label{0}) == best);
    }
  }
}

TEST_CASE("a mask that overlaps two classes equally is assigned the lower") {
  LabelMap const labels({1, 4}, {9, 9, 4, 4});
  OverlapTable const table(labels, MaskSet({{mask_from({1, 4}, {0, 1, 1, 0}), std::nullopt}}));
  REQUIRE(table.assigned(0));
  CHECK(table.classes()[*table.assigned(0)] == 4);
}

TEST_CASE("a mask on only background and ignore pixels is assigned no class") {
  LabelMap const labels({1, 4}, {0, 255, 4, 0});
  OverlapTable const table(labels, MaskSet({{mask_from({1, 4}, {1, 1, 0, 1}), std::nullopt}}));
  CHECK(table.mask_area(0) == 3);
  CHECK_FALSE(table.assigned(0));
}

TEST_CASE("a label map without classes assigns no mask a class") {
  LabelMap const labels({1, 2}, {0, 255});
  OverlapTable const table(labels, MaskSet({{mask_from({1, 2}, {1, 1}), std::nullopt}}));
  CHECK(table.classes().empty());
  CHECK(table.overlaps(0).empty());
  CHECK_FALSE(table.assigned(0));
}

TEST_CASE("an overlap table without masks has the classes and their areas") {
  OverlapTable const table(LabelMap({1, 3}, {2, 0, 2}), MaskSet({}));
  CHECK(table.masks() == 0);
  REQUIRE(table.classes().size() == 1);
  CHECK(table.class_areas()[0] == 2);
}

TEST_CASE("overlaps of masks and labels of different sizes are refused with both sizes") {
  CHECK_THROWS_WITH(OverlapTable(LabelMap(Size{2, 3}), MaskSet({{Mask(Size{3, 2}), {}}})),
                    Contains("the mask set is 3x2 but the pseudo-label is 2x3"));
}
