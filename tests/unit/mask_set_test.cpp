#include <seplflow/mask_set.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

using Entries = std::vector<MaskSet::Entry>;

MaskSet::Entry mask_of(Size size, std::optional<MaskInfo> info = std::nullopt) {
  return {Mask(size), std::move(info)};
}

}  // namespace

TEST_CASE("a set has the size of its masks") {
  CHECK(MaskSet(Entries{mask_of({2, 3})}).size() == Size{2, 3});
}

TEST_CASE("a set without masks has the given size, or none") {
  CHECK_FALSE(MaskSet(Entries{}).size());
  CHECK(MaskSet(Entries{}, Size{4, 5}).size() == Size{4, 5});
  CHECK(MaskSet(Entries{}).count() == 0);
}

TEST_CASE("a set keeps the order of its masks, each with its info") {
  MaskInfo const info{0.5, 0.25, {1, 2}, {0, 0, 3, 2}};
  Mask const full = Mask::from_counts({2, 3}, std::vector<std::uint32_t>{0, 6});
  MaskSet const set(Entries{mask_of({2, 3}), {full, info}});
  REQUIRE(set.count() == 2);
  CHECK(set.mask(0).area() == 0);
  CHECK_FALSE(set.info(0));
  CHECK(set.mask(1) == full);
  CHECK(set.info(1) == info);
}

TEST_CASE("a mask whose size differs from earlier ones is refused with its index and both sizes") {
  CHECK_THROWS_WITH(MaskSet(Entries{mask_of({2, 3}), mask_of({2, 3}), mask_of({3, 2})}),
                    Contains("mask 2 is 3x2 but mask 0 of the same image is 2x3"));
}

TEST_CASE("a mask whose size differs from the image is refused with its index and both sizes") {
  CHECK_THROWS_WITH(MaskSet(Entries{mask_of({2, 3}), mask_of({2, 3})}, Size{4, 5}),
                    Contains("mask 0 is 2x3 but the image is 4x5"));
}

TEST_CASE("the info of a mask must be finite numbers") {
  double const nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  for (MaskInfo const& info :
       {MaskInfo{.predicted_iou = nan}, MaskInfo{.stability_score = infinite},
        MaskInfo{.point = {0, nan}}, MaskInfo{.crop_box = {0, 0, 0, -infinite}}}) {
    CHECK_THROWS_WITH(MaskSet({mask_of({1, 1}, info)}), Contains("mask 0: its predicted IoU"));
  }
}

TEST_CASE("masks fit labels of the same size, and an empty set of unknown size fits all") {
  LabelMap const labels(Size{2, 3});
  CHECK_NOTHROW(require_same_size(MaskSet(Entries{mask_of({2, 3})}), labels, "the labels"));
  CHECK_NOTHROW(require_same_size(MaskSet(Entries{}), labels, "the labels"));
  CHECK_THROWS_WITH(require_same_size(MaskSet(Entries{mask_of({3, 2})}), labels, "the labels"),
                    Contains("the mask set is 3x2 but the labels is 2x3"));
  CHECK_THROWS_WITH(require_same_size(MaskSet(Entries{}, Size{9, 9}), labels, "the labels"),
                    Contains("9x9") && Contains("2x3"));
}
