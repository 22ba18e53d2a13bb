// Masks from logits with torch's operations, beside those of the CPU's own way.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/device_masks.hpp"
#include "nets/base/resample.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using namespace seplflow::sam;

namespace {

constexpr std::uint32_t kSide = 16, kImage = 64;

// Smooth enough for runs of some length; the last of them is below any threshold.
at::Tensor some_logits(std::int64_t masks) {
  std::mt19937 random(5);
  std::normal_distribution<float> number(0, 6);
  at::Tensor const logits = at::empty({masks, kSide, kSide});
  for (std::int64_t i = 0; i < logits.numel(); ++i) logits.data_ptr<float>()[i] = number(random);
  logits.select(0, masks - 1).fill_(-9);
  return logits;
}

std::span<float const> values(at::Tensor const& logits, std::int64_t i) {
  std::size_t const size = kSide * kSide;
  return {logits.data_ptr<float>() + static_cast<std::size_t>(i) * size, size};
}

Scaling scaling_of(Size original) {
  return {kSide, kImage, nets::longest_side_size(original, kImage), original};
}

}  // namespace

TEST_CASE("masks computed with torch equal those of MaskLogits, and so does their stability") {
  Size const original =
      GENERATE(Size{20, 30}, Size{100, 70}, Size{64, 64}, Size{1, 90}, Size{1, 1}, Size{500, 3});
  auto const least = GENERATE(std::optional<double>(), std::optional<double>(0.72));
  INFO(to_string(original) << (least ? ", the stable ones" : ""));
  constexpr std::int64_t kMasks = 9;
  at::Tensor const logits = some_logits(kMasks);
  Scaling const scaling = scaling_of(original);
  MaskLogits const own(scaling);
  auto const masks = DeviceRuns(logits, scaling, 1, least).masks();
  REQUIRE(masks.size() == kMasks);
  for (std::int64_t i = 0; i < kMasks; ++i) {
    INFO("mask " << i);
    auto const& found = masks[static_cast<std::size_t>(i)];
    auto const expected = own.mask(values(logits, i), 1, least);
    REQUIRE(found.has_value() == expected.has_value());
    if (!found) continue;
    CHECK(found->mask == expected->mask);
    CHECK((found->stability == expected->stability ||
           (std::isnan(found->stability) && std::isnan(expected->stability))));
  }
}

TEST_CASE("without a threshold torch keeps a mask without pixels, whose stability is NaN") {
  at::Tensor const logits = some_logits(1);
  Scaling const scaling = scaling_of({20, 30});
  auto const all = DeviceRuns(logits, scaling, 1, std::nullopt).masks();
  REQUIRE((all.size() == 1 && all[0].has_value()));
  CHECK(all[0]->mask.area() == 0);
  CHECK(std::isnan(all[0]->stability));
  CHECK_FALSE(DeviceRuns(logits, scaling, 1, 0.1).masks()[0]);
}

TEST_CASE("masks that do not fit into memory together are scaled in slices with the same result") {
  constexpr std::int64_t kMasks = 7;
  Size const original = GENERATE(Size{30, 20}, Size{90, 80});
  // A mask has the pixels of the larger of the model's image and the picture.
  std::uint64_t const of_mask = std::max<std::uint64_t>(kImage * kImage, original.pixels());
  at::Tensor const logits = some_logits(kMasks);
  Scaling const scaling = scaling_of(original);
  auto const together = DeviceRuns(logits, scaling, 1, 0.7).masks();
  for (std::uint64_t const pixels : {std::uint64_t{1}, of_mask, 3 * of_mask - 1, 3 * of_mask}) {
    auto const sliced = DeviceRuns(logits, scaling, 1, 0.7, pixels).masks();
    REQUIRE(sliced.size() == together.size());
    for (std::size_t i = 0; i < sliced.size(); ++i) {
      REQUIRE(sliced[i].has_value() == together[i].has_value());
      if (sliced[i]) CHECK(sliced[i]->mask == together[i]->mask);
    }
  }
}
