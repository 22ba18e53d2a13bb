#include <seplflow/mask.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

using Counts = std::vector<std::uint32_t>;
using Dense = std::vector<bool>;  // column-major, as masks are

Size random_size(std::mt19937& random) {
  auto const extent = [&] {
    return random() % 4 == 0 ? 1u : 1 + static_cast<std::uint32_t>(random() % 25);
  };
  std::uint32_t const height = extent();
  return {height, extent()};
}

// Stretches of any length, so that runs begin and end everywhere and masks may be empty or full.
Dense random_dense(Size size, std::mt19937& random) {
  Dense dense;
  unsigned const most = 1 + random() % 40;
  bool inside = random() % 2 == 0;
  while (dense.size() < size.pixels()) {
    dense.resize(std::min(size.pixels(), dense.size() + 1 + random() % most), inside);
    inside = !inside;
  }
  return dense;
}

Mask mask_of(Size size, Dense const& dense) {
  Counts counts(1);
  bool value = false;
  for (bool const inside : dense) {
    if (inside != value) counts.push_back(0);
    value = inside;
    ++counts.back();
  }
  return Mask::from_counts(size, counts);
}

Dense dense_of(Mask const& mask) {
  Dense dense(mask.size().pixels());
  for (std::size_t i = 0; i < mask.bounds().size(); i += 2) {
    std::fill(dense.begin() + mask.bounds()[i], dense.begin() + mask.bounds()[i + 1], true);
  }
  return dense;
}

std::vector<Label> random_labels(Size size, std::mt19937& random) {
  std::vector<Label> pixels(size.pixels());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = i > 0 && random() % 4 != 0 ? pixels[i - 1] : static_cast<Label>(random() % 5 * 63);
  }
  return pixels;
}

Dense combined(Dense const& a, Dense const& b, std::function<bool(bool, bool)> const& rule) {
  Dense result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = rule(a[i], b[i]);
  return result;
}

// Down the columns.
std::size_t position_of(Size size, std::size_t row_major) {
  return row_major % size.width * size.height + row_major / size.width;
}

}  // namespace

TEST_CASE("run lengths go down the columns and begin outside") {
  Canvas canvas({2, 3});
  canvas.paint(Mask::from_counts({2, 3}, Counts{1, 2, 2, 1}), 9);
  CHECK(canvas.labels() == LabelMap({2, 3}, {0, 9, 0,  //
                                             9, 0, 9}));
}

TEST_CASE("run lengths of zero join their neighbours") {
  Mask const mask = Mask::from_counts({1, 6}, Counts{0, 2, 0, 1, 3, 0, 0});
  CHECK(mask == Mask::from_counts({1, 6}, Counts{0, 3, 3}));
  CHECK(mask.counts() == Counts{0, 3, 3});
  CHECK(mask.area() == 3);
}

TEST_CASE("run lengths that do not add up to the image are refused with both sums") {
  CHECK_THROWS_WITH(Mask::from_counts({2, 3}, Counts{1, 3}),
                    Contains("add up to 4 pixels, but 2x3 (height x width) has 6"));
  CHECK_THROWS_WITH(Mask::from_counts({2, 3}, Counts{}), Contains("add up to 0 pixels"));
  CHECK_THROWS_WITH(Mask::from_counts({2, 3}, Counts{1, 7}), Contains("add up to 8 pixels"));
  // These add up to 6 in 32 bits.
  CHECK_THROWS_WITH(Mask::from_counts({2, 3}, Counts{4294967295, 7}),
                    Contains("add up to 4294967302 pixels"));
}

TEST_CASE("an empty and a full mask have one run, after one outside") {
  CHECK(Mask(Size{2, 2}).counts() == Counts{4});
  CHECK(Mask(Size{2, 2}) == Mask::from_counts({2, 2}, Counts{4}));
  CHECK(Mask::from_counts({2, 2}, Counts{0, 4}).counts() == Counts{0, 4});
  CHECK(Mask::from_counts({2, 2}, Counts{0, 4}).area() == 4);
}

TEST_CASE("random masks keep their pixels, area and run lengths") {
  std::mt19937 random(31);
  for (int round = 0; round < 2000; ++round) {
    Size const size = random_size(random);
    Dense const dense = random_dense(size, random);
    Mask const mask = mask_of(size, dense);
    REQUIRE(dense_of(mask) == dense);
    REQUIRE(mask.area() == static_cast<std::uint64_t>(std::ranges::count(dense, true)));
    REQUIRE(std::ranges::adjacent_find(mask.bounds(), std::greater_equal()) == mask.bounds().end());
    REQUIRE(Mask::from_counts(size, mask.counts()) == mask);
  }
}

TEST_CASE("the mask of a label has exactly the pixels with this label") {
  std::mt19937 random(32);
  for (int round = 0; round < 1000; ++round) {
    Size const size = random_size(random);
    std::vector<Label> const pixels = random_labels(size, random);
    auto const label = static_cast<Label>(random() % 5 * 63);
    Dense expected(pixels.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      expected[position_of(size, i)] = pixels[i] == label;
    }
    Mask const mask = mask_of(LabelMap(size, pixels).runs(), label);
    REQUIRE(dense_of(mask) == expected);
    REQUIRE(mask == mask_of(size, expected));
  }
}

TEST_CASE("a union has the pixels of either mask, a difference those of only the first") {
  std::mt19937 random(33);
  for (int round = 0; round < 3000; ++round) {
    Size const size = random_size(random);
    Dense const a = random_dense(size, random), b = random_dense(size, random);
    Mask const mask_a = mask_of(size, a), mask_b = mask_of(size, b);
    REQUIRE(united(mask_a, mask_b) == mask_of(size, combined(a, b, std::logical_or())));
    REQUIRE(without(mask_a, mask_b) ==
            mask_of(size, combined(a, b, [](bool x, bool y) { return x && !y; })));
  }
}

TEST_CASE("the union of a mask with itself is itself, and the difference is empty") {
  Mask const mask = Mask::from_counts({4, 4}, Counts{3, 5, 2, 1, 5});
  CHECK(united(mask, mask) == mask);
  CHECK(without(mask, mask) == Mask(Size{4, 4}));
}

TEST_CASE("overlaps of a mask with labels equal the counts of a loop over the pixels") {
  std::mt19937 random(34);
  for (int round = 0; round < 3000; ++round) {
    Size const size = random_size(random);
    Dense const dense = random_dense(size, random);
    std::vector<Label> const pixels = random_labels(size, random);
    std::array<std::uint64_t, 256> expected{};
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      if (dense[position_of(size, i)]) ++expected[pixels[i]];
    }
    REQUIRE(overlap_histogram(mask_of(size, dense), LabelMap(size, pixels).runs()) == expected);
  }
}

TEST_CASE("overlaps are found however far apart the runs of a mask are") {
  Size const size{3, 4000};
  std::vector<Label> pixels(size.pixels(), 1);
  pixels[2 * size.width + 3999] = 9;  // the last position
  pixels[1] = 4;                      // position 3
  LabelRuns const labels = LabelMap(size, pixels).runs();
  auto const histogram = overlap_histogram(Mask::from_counts(size, Counts{3, 2, 11993, 2}), labels);
  CHECK(histogram[4] == 1);
  CHECK(histogram[9] == 1);
  CHECK(histogram[1] == 2);
}

TEST_CASE("on a canvas, later masks cover earlier ones") {
  std::mt19937 random(35);
  for (int round = 0; round < 500; ++round) {
    Size size = random_size(random);
    if (round % 10 == 0) size = {33 + static_cast<std::uint32_t>(random() % 40), 65};
    Canvas canvas(size);
    std::vector<Label> expected(size.pixels());
    // Labels come again, and background is painted too.
    unsigned const labels = 1 + random() % 5;
    for (unsigned layers = random() % 12; layers > 0; --layers) {
      auto const label = static_cast<Label>(random() % labels * 51);
      Dense dense = random_dense(size, random);
      if (random() % 6 == 0) dense.assign(size.pixels(), random() % 2 == 0);
      canvas.paint(mask_of(size, dense), label);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (dense[position_of(size, i)]) expected[i] = label;
      }
    }
    REQUIRE(canvas.labels() == LabelMap(size, expected));
  }
}

TEST_CASE("a mask raises the labels that are lower") {
  std::mt19937 random(37);
  for (int round = 0; round < 1000; ++round) {
    Size const size = random_size(random);
    std::vector<Label> expected(size.pixels());
    for (Label& label : expected) label = static_cast<Label>(random() % 4 * 70);
    LabelMap labels(size, expected);
    for (unsigned masks = 1 + random() % 4; masks > 0; --masks) {
      auto const label = static_cast<Label>(random() % 256);
      Dense dense = random_dense(size, random);
      if (random() % 6 == 0) dense.assign(size.pixels(), random() % 2 == 0);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (dense[position_of(size, i)]) expected[i] = std::max(expected[i], label);
      }
      labels = raised(labels, mask_of(size, dense), label);
      REQUIRE(labels == LabelMap(size, expected));
    }
  }
  CHECK_THROWS_AS(raised(LabelMap(Size{2, 3}), Mask(Size{3, 2}), 1), Error);
}

TEST_CASE("a canvas accepts all 256 labels, in any order, and hundreds of masks") {
  std::mt19937 random(36);
  Size const size{19, 41};
  Canvas canvas(size);
  std::vector<Label> expected(size.pixels());
  for (unsigned i = 0; i < 600; ++i) {
    auto const label = static_cast<Label>(i * 77);
    Dense dense(size.pixels());
    for (unsigned pixels = random() % 9; pixels > 0; --pixels) {
      dense[random() % dense.size()] = true;
    }
    canvas.paint(mask_of(size, dense), label);
    for (std::size_t p = 0; p < expected.size(); ++p) {
      if (dense[position_of(size, p)]) expected[p] = label;
    }
  }
  CHECK(canvas.labels() == LabelMap(size, expected));
}

TEST_CASE("a canvas accepts masks of single adjacent pixels") {
  auto const size = GENERATE(Size{8, 8}, Size{13, 15}, Size{1, 130}, Size{130, 1});
  Dense even(size.pixels()), odd(size.pixels());
  for (std::size_t p = 0; p < even.size(); ++p) (p % 2 == 0 ? even : odd)[p] = true;
  Canvas canvas(size);
  canvas.paint(mask_of(size, odd), 4);
  CHECK(label_areas(canvas.labels())[4] == size.pixels() / 2);
  canvas.paint(mask_of(size, even), 3);
  LabelMap const labels = canvas.labels();
  REQUIRE(labels.runs().runs().size() == size.pixels());
  canvas.paint(mask_of(size, even), 4);
  CHECK(canvas.labels() == LabelMap(size, std::vector<Label>(size.pixels(), 4)));
  CHECK(label_areas(labels)[3] == (size.pixels() + 1) / 2);
}

TEST_CASE("masks of another size are refused with both sizes") {
  Mask const mask(Size{2, 3}), other(Size{3, 2});
  CHECK_THROWS_WITH(united(mask, other), Contains("a mask is 2x3 but another mask is 3x2"));
  CHECK_THROWS_WITH(without(mask, other), Contains("a mask is 2x3 but another mask is 3x2"));
  CHECK_THROWS_WITH(overlap_histogram(mask, LabelMap(Size{3, 2}).runs()),
                    Contains("a mask is 2x3 but the label map is 3x2"));
  CHECK_THROWS_WITH(Canvas(Size{3, 2}).paint(mask, 1),
                    Contains("a mask is 2x3 but the canvas is 3x2"));
}
