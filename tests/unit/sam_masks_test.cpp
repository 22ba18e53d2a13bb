// What SAM needs beside its model: crops, points, boxes, masks from logits, small regions.
#include <algorithm>
#include <cmath>
#include <random>

#include "core/box_suppression.hpp"
#include "core/mask_logits.hpp"
#include "core/prompts.hpp"
#include "nets/base/resample.hpp"
#include "core/small_regions.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using namespace seplflow::sam;

namespace {

using Bits = std::vector<std::uint8_t>;  // row-major

Mask mask_of(Size size, Bits const& bits) {
  ColumnRunScanner scanner(size);
  for (std::size_t y = 0; y < size.height; ++y) {
    scanner.add_row(std::span(bits).subspan(y * size.width, size.width));
  }
  return Mask::from_runs(size, scanner.finish(), 1);
}

Bits random_bits(std::mt19937& random, Size size, double share) {
  std::bernoulli_distribution inside(share);
  Bits bits(size.pixels());
  for (auto& bit : bits) bit = inside(random);
  return bits;
}

// The region of each pixel of value `value`, from 1, by flooding.
std::vector<int> regions_of(Bits const& bits, Size size, std::uint8_t value,
                            std::vector<std::uint64_t>& areas) {
  auto const height = static_cast<int>(size.height), width = static_cast<int>(size.width);
  std::vector<int> regions(bits.size());
  areas.assign(1, 0);
  for (std::size_t start = 0; start < bits.size(); ++start) {
    if (bits[start] != value || regions[start] != 0) continue;
    auto const number = static_cast<int>(areas.size());
    areas.push_back(0);
    std::vector<std::size_t> open = {start};
    regions[start] = number;
    while (!open.empty()) {
      auto const at = static_cast<int>(open.back());
      open.pop_back();
      ++areas.back();
      for (int y = std::max(at / width - 1, 0); y <= std::min(at / width + 1, height - 1); ++y) {
        for (int x = std::max(at % width - 1, 0); x <= std::min(at % width + 1, width - 1); ++x) {
          auto const next = static_cast<std::size_t>(y * width + x);
          if (bits[next] != value || regions[next] != 0) continue;
          regions[next] = number;
          open.push_back(next);
        }
      }
    }
  }
  return regions;
}

// SAM's remove_small_regions, but for the choice among islands that are all small.
Bits cleaned(Bits bits, Size size, std::uint64_t least) {
  std::vector<std::uint64_t> areas;
  auto regions = regions_of(bits, size, 0, areas);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i] == 0 && areas[static_cast<std::size_t>(regions[i])] < least) bits[i] = 1;
  }
  regions = regions_of(bits, size, 1, areas);
  auto const largest = *std::ranges::max_element(areas);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    auto const area = areas[static_cast<std::size_t>(regions[i])];
    if (bits[i] == 1 && area < least && (largest >= least || area < largest)) bits[i] = 0;
  }
  return bits;
}

double bilinear(std::vector<double> const& from, Size size, Size scaled_from, double y, double x,
                Size to) {
  auto const along = [](double place, std::uint32_t from_size, std::uint32_t to_size) {
    return std::max((place + 0.5) * from_size / to_size - 0.5, 0.0);
  };
  double const sy = along(y, scaled_from.height, to.height);
  double const sx = along(x, scaled_from.width, to.width);
  auto const at = [&](double yy, double xx) {
    auto const cy = std::min(static_cast<std::size_t>(yy), std::size_t{scaled_from.height} - 1);
    auto const cx = std::min(static_cast<std::size_t>(xx), std::size_t{scaled_from.width} - 1);
    return from[cy * size.width + cx];
  };
  double const fy = sy - std::floor(sy), fx = sx - std::floor(sx);
  return (1 - fy) * ((1 - fx) * at(sy, sx) + fx * at(sy, sx + 1)) +
         fy * ((1 - fx) * at(sy + 1, sx) + fx * at(sy + 1, sx + 1));
}

}  // namespace

TEST_CASE("crops of a layer overlap and cover the image, column by column") {
  auto const crops = crops_of({480, 640}, 2, 512.0 / 1500.0);
  REQUIRE(crops.size() == 1 + 4 + 16);
  CHECK(crops[0] == Crop{0, 0, 640, 480, 0});
  CHECK(crops[1] == Crop{0, 0, 402, 322, 1});
  CHECK(crops[2] == Crop{0, 159, 402, 480, 1});
  CHECK(crops[3] == Crop{239, 0, 640, 322, 1});
  CHECK(crops[5].layer == 2);
}

TEST_CASE("an image of one pixel has no empty crops") {
  for (Crop const& crop : crops_of({1, 1}, 3, 0.3)) {
    CHECK(crop.size() == Size{1, 1});
  }
}

TEST_CASE("points are the centres of the cells of a grid") {
  auto const points = grid_points(2, {10, 20});
  REQUIRE(points.size() == 4);
  CHECK((points[0].x == 5 && points[0].y == 2.5));
  CHECK((points[1].x == 15 && points[1].y == 2.5));
  CHECK((points[2].x == 5 && points[2].y == 7.5));
  CHECK(grid_points(1, {10, 20})[0].x == 10);
  CHECK(points_per_side(32, 2, 1) == 16);
  CHECK(points_per_side(5, 3, 2) == 0);
}

TEST_CASE("the box of a mask is its first and last row and column") {
  CHECK(box_around(mask_of({3, 4}, {0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0})) == MaskBox{1, 1, 3, 1});
  CHECK(box_around(mask_of({2, 2}, {1, 1, 1, 1})) == MaskBox{0, 0, 1, 1});
  CHECK(box_around(Mask(Size{3, 4})) == MaskBox{0, 0, 0, 0});
}

TEST_CASE("boxes at the edge of a crop are dropped unless it is the edge of the image") {
  Crop const crop{100, 0, 200, 100, 1};
  Size const image{300, 300};
  CHECK(is_near_crop_edge({120, 50, 150, 60}, crop, image));
  CHECK_FALSE(is_near_crop_edge({121, 50, 150, 60}, crop, image));
  CHECK_FALSE(is_near_crop_edge({130, 5, 150, 60}, crop, image));  // at the image's top
  CHECK(is_near_crop_edge({130, 5, 180, 60}, crop, image));
}

TEST_CASE("the better of two overlapping boxes stays, of equal ones the first") {
  std::vector<MaskBox> const boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {50, 50, 60, 60},
                                      {0, 0, 10, 10}, {5, 5, 5, 5},   {5, 5, 5, 5}};
  std::vector<float> const scores = {0.5F, 0.9F, 0.7F, 0.9F, 0.1F, 0.1F};
  CHECK(kept_by_nms(boxes, scores, 0.7) == std::vector<std::size_t>{1, 2, 4, 5});
  CHECK(kept_by_nms(boxes, scores, 0.9) == std::vector<std::size_t>{1, 3, 2, 4, 5});
  CHECK(kept_by_nms({}, {}, 0.5).empty());
}

TEST_CASE("more than a thousand boxes are ordered by torch's unstable sort") {
  constexpr std::int64_t kBoxes = 1200;
  std::vector<MaskBox> boxes;
  for (std::int64_t i = 0; i < kBoxes; ++i) boxes.push_back({10 * i, 0, 10 * i + 5, 5});
  auto kept = kept_by_nms(boxes, std::vector<float>(kBoxes, 1.0F), 0.7);
  CHECK(kept.size() == kBoxes);
  kept.resize(8);
  // torch.ones(1200).sort(descending=True)[1][:8], of torch 1.13 and 2.6.
  CHECK(kept == std::vector<std::size_t>{796, 805, 804, 803, 802, 801, 800, 799});
  boxes.resize(1000);
  kept = kept_by_nms(boxes, std::vector<float>(1000, 1.0F), 0.7);
  CHECK(std::ranges::is_sorted(kept));
}

TEST_CASE("small holes are filled and small islands removed, as by flood fill") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 12),
                    1 + static_cast<std::uint32_t>(random() % 12)};
    Bits const bits = random_bits(random, size, 0.1 * (1 + round % 9));
    std::uint64_t const least = 1 + random() % 12;
    Mask const mask = mask_of(size, bits);
    Mask const found = without_small_regions(mask, least).value_or(mask);
    Bits expected = cleaned(bits, size, least);
    std::vector<std::uint64_t> areas;
    regions_of(expected, size, 1, areas);
    if (areas.size() > 2 && *std::max_element(areas.begin(), areas.end()) < least) {
      CHECK(found.area() == areas[1]);  // several equally large: one of them
    } else {
      INFO(round << " " << to_string(size) << " " << least);
      CHECK(found == mask_of(size, expected));
    }
  }
}

TEST_CASE("if all islands are small and equal, the one in OpenCV's first block of pixels stays") {
  // (row 0, column 4) is first pixel by pixel, but (row 1, column 0) in blocks of 2 x 2.
  Mask const mask = mask_of({2, 5}, {0, 0, 0, 0, 1, 1, 0, 0, 0, 0});
  CHECK(without_small_regions(mask, 2) == mask_of({2, 5}, {0, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
}

TEST_CASE("a mask without small regions does not change") {
  CHECK_FALSE(without_small_regions(Mask(Size{4, 4}), 3));
  CHECK_FALSE(without_small_regions(mask_of({2, 2}, {1, 1, 1, 1}), 4));
}

TEST_CASE("masks are logits scaled to the model's image, cropped, and scaled to the image") {
  std::mt19937 random(3);
  std::normal_distribution<float> number(0, 4);
  constexpr std::uint32_t kSide = 16, kImage = 64;
  Size const original = GENERATE(Size{20, 30}, Size{100, 70}, Size{64, 64}, Size{1, 90});
  Size const resized = nets::longest_side_size(original, kImage);
  std::vector<float> logits(kSide * kSide);
  for (float& logit : logits) logit = number(random);

  Size const low{kSide, kSide}, whole{kImage, kImage};
  std::vector<double> const exact(logits.begin(), logits.end());
  std::vector<double> image, picture;
  for (std::uint32_t y = 0; y < kImage; ++y) {
    for (std::uint32_t x = 0; x < kImage; ++x)
      image.push_back(bilinear(exact, low, low, y, x, whole));
  }
  for (std::uint32_t y = 0; y < original.height; ++y) {
    for (std::uint32_t x = 0; x < original.width; ++x) {
      picture.push_back(bilinear(image, whole, resized, y, x, original));
    }
  }
  MaskLogits const scaling({kSide, kImage, resized, original});
  auto const found = scaling.mask(logits, 1, std::nullopt);
  REQUIRE(found);
  double high = 0, low_count = 0;
  std::uint64_t wrong = 0;
  std::vector<std::uint8_t> bits;
  for (double const each : picture) {
    bits.push_back(each > 0);
    high += each > 1;
    low_count += each > -1;
  }
  Mask const expected = mask_of(original, bits);
  wrong = united(without(expected, found->mask), without(found->mask, expected)).area();
  CHECK(wrong <= original.pixels() / 1000);
  CHECK(found->stability == Approx(high / low_count).margin(0.002));
  CHECK_FALSE(scaling.mask(logits, 1, 1.01));
}

TEST_CASE("the mask of a crop is moved to the position of the crop") {
  Mask const mask = mask_of({2, 2}, {1, 0, 1, 1});
  CHECK(uncropped(mask, {1, 2, 3, 4, 1}, {5, 4}) ==
        mask_of({5, 4}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}));
  CHECK(uncropped(mask, {0, 0, 2, 2, 0}, {2, 2}) == mask);
}

TEST_CASE("a resized image has the requested longest side, and at least one pixel a side") {
  CHECK(nets::longest_side_size({375, 500}, 1024) == Size{768, 1024});
  CHECK(nets::longest_side_size({1, 1}, 1024) == Size{1024, 1024});
  CHECK(nets::longest_side_size({1, 5000}, 1024) == Size{1, 1024});
}

TEST_CASE("resizing keeps flat images flat and halves with Pillow's weights") {
  Image const flat({3, 5}, std::vector<std::uint8_t>(45, 77));
  Image const resized = nets::resize_as_pillow(flat, {7, 2});
  CHECK(std::ranges::all_of(resized.rgb(), [](auto each) { return each == 77; }));
  // Each of two pixels is made of three, weighed 3, 3 and 1, or 1, 3 and 3, of 7.
  Image const row({1, 4}, {0, 0, 0, 70, 70, 70, 140, 140, 140, 210, 210, 210});
  auto const halved = nets::resize_as_pillow(row, {1, 2});
  CHECK(std::vector(halved.rgb().begin(), halved.rgb().end()) ==
        std::vector<std::uint8_t>{50, 50, 50, 160, 160, 160});
}
