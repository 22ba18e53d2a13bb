#include <seplflow/label_map.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/image_labels.hpp>
#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("a label map holds its pixels row by row") {
  LabelMap const labels({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(labels.at(0, 2) == 3);
  CHECK(labels.at(1, 0) == 4);
  CHECK(std::vector<Label>(labels.row(1).begin(), labels.row(1).end()) ==
        std::vector<Label>{4, 5, 6});
  CHECK(labels.pixels().size() == 6);
}

TEST_CASE("a label map without pixels is all background") {
  CHECK(LabelMap(Size{2, 2}) == LabelMap({2, 2}, {0, 0, 0, 0}));
}

TEST_CASE("pixels that do not fit the size of a label map are refused with both numbers") {
  CHECK_THROWS_WITH(LabelMap({2, 3}, {1, 2, 3, 4, 5}),
                    Contains("2x3 (height x width) needs 6 pixels but was given 5"));
  CHECK_THROWS_WITH(LabelMap({1, 1}, {1, 2}), Contains("needs 1 pixels but was given 2"));
}

TEST_CASE("a label map created from runs equals one created from pixels") {
  LabelMap const labels(LabelRuns({2, 3}, {{1, 0}, {3, 9}, {5, 0}, {6, 9}}));
  CHECK(labels.size() == Size{2, 3});
  CHECK(labels.at(1, 0) == 9);
  CHECK(labels.at(1, 1) == 0);
  CHECK(std::vector<Label>(labels.pixels().begin(), labels.pixels().end()) ==
        std::vector<Label>{0, 9, 0, 9, 0, 9});
}

TEST_CASE("each form of a label map is computed from the other, and copies share both") {
  std::mt19937 random(12);
  for (int round = 0; round < 500; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 20),
                    1 + static_cast<std::uint32_t>(random() % 20)};
    std::vector<Label> pixels(size.pixels());
    for (Label& pixel : pixels) pixel = static_cast<Label>(random() % 3 * 127);
    LabelMap const from_pixels(size, pixels);
    LabelMap const copy = from_pixels;
    LabelMap const from_runs(from_pixels.runs());
    REQUIRE(from_runs == from_pixels);
    REQUIRE(label_areas(from_runs) == label_areas(from_pixels));
    REQUIRE(std::ranges::equal(from_runs.pixels(), pixels));
    REQUIRE(from_runs == from_pixels);
    REQUIRE(from_runs == LabelMap(size, pixels));
    REQUIRE(&copy.runs() == &from_pixels.runs());
    REQUIRE(copy.pixels().data() == from_pixels.pixels().data());

    pixels[random() % pixels.size()] ^= 1;
    LabelMap const other(size, pixels);
    REQUIRE_FALSE(other == from_pixels);
    REQUIRE_FALSE(LabelMap(other.runs()) == LabelMap(from_pixels.runs()));
    REQUIRE_FALSE(other == LabelMap(from_pixels.runs()));
  }
}

TEST_CASE("label maps of different shapes with the same pixels are not equal") {
  CHECK_FALSE(LabelMap(Size{1, 4}) == LabelMap(Size{2, 2}));
}

TEST_CASE("label areas equal the counts of a loop over the pixels") {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 20),
                    1 + static_cast<std::uint32_t>(random() % 20)};
    std::vector<Label> pixels(size.pixels());
    bool const noisy = random() % 2 == 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      bool const same = i > 0 && !noisy && random() % 8 != 0;
      pixels[i] = same ? pixels[i - 1] : static_cast<Label>(random());
    }
    std::array<std::uint64_t, 256> expected{};
    for (Label const pixel : pixels) ++expected[pixel];
    REQUIRE(label_areas(LabelMap(size, pixels)) == expected);
    REQUIRE(label_areas(LabelMap(LabelMap(size, pixels).runs())) == expected);
  }
}

TEST_CASE(
    "the image-level labels of a label map are its foreground classes, ascending and unique") {
  CHECK(image_labels_of(LabelMap({1, 6}, {254, 0, 7, 255, 3, 7})).classes ==
        std::vector<Label>{3, 7, 254});
  CHECK(image_labels_of(LabelMap({1, 2}, {0, 255})).classes.empty());
}

TEST_CASE("a size is written height first") {
  CHECK(to_string(Size{375, 500}) == "375x500");
}

TEST_CASE("a size has 1 to 2^28 pixels, whatever its shape") {
  CHECK(checked_size(375, 500, "a picture") == Size{375, 500});
  CHECK(checked_size(1, kMaxPixels, "a picture").pixels() == kMaxPixels);
  CHECK(checked_size(kMaxPixels, 1, "a picture").pixels() == kMaxPixels);
  CHECK(checked_size(16384, 16384, "a picture").pixels() == kMaxPixels);
  struct Extents {
    std::uint64_t height, width;
  };
  std::uint64_t const huge = std::uint64_t{1} << 32;  // the product of two wraps to 0
  auto const [height, width] =
      GENERATE_COPY(Extents{0, 5}, Extents{5, 0}, Extents{0, 0}, Extents{1, kMaxPixels + 1},
                    Extents{huge, huge}, Extents{16384, 16385});
  CHECK_THROWS_WITH(
      checked_size(height, width, "a picture"),
      Contains("a picture has the size " + std::to_string(height) + "x" + std::to_string(width)) &&
          Contains("1 to 268435456 pixels"));
}

TEST_CASE("different sizes are refused with both names and both sizes") {
  CHECK_NOTHROW(require_same_size(Size{2, 3}, "this", Size{2, 3}, "that"));
  CHECK_THROWS_WITH(require_same_size(Size{2, 3}, "this", Size{3, 2}, "that"),
                    Contains("this is 2x3 but that is 3x2 (height x width)"));
}
