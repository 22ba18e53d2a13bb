#include <seplflow/runs.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/label_map.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

// Pictures of rectangles and noise, of any shape: single rows and columns too.
LabelMap random_picture(std::mt19937& random) {
  auto const extent = [&](unsigned most) {
    return 1 + static_cast<std::uint32_t>(random() % most);
  };
  Size size{extent(24), extent(24)};
  if (random() % 5 == 0) size.height = 1;
  if (random() % 5 == 0) size.width = 1;
  Bytes pixels(size.pixels(), static_cast<std::uint8_t>(random() % 3));
  for (unsigned shapes = random() % 6; shapes > 0; --shapes) {
    std::uint32_t const y0 = random() % size.height, x0 = random() % size.width;
    std::uint32_t const y1 = y0 + extent(size.height - y0), x1 = x0 + extent(size.width - x0);
    auto const value = static_cast<std::uint8_t>(random());
    for (std::uint32_t y = y0; y < y1; ++y) {
      for (std::uint32_t x = x0; x < x1; ++x) pixels[y * size.width + x] = value;
    }
  }
  for (unsigned specks = random() % 4 == 0 ? pixels.size() : random() % 3; specks > 0; --specks) {
    pixels[random() % pixels.size()] = static_cast<std::uint8_t>(random() % 3);
  }
  return LabelMap(size, std::move(pixels));
}

// Pixel by pixel down the columns.
Bytes columns_of(LabelMap const& picture) {
  Bytes columns;
  for (std::uint32_t x = 0; x < picture.size().width; ++x) {
    for (std::uint32_t y = 0; y < picture.size().height; ++y) columns.push_back(picture.at(y, x));
  }
  return columns;
}

}  // namespace

TEST_CASE("a common prefix ends at the first byte that differs") {
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes const a(size, 7);
    REQUIRE(common_prefix(a, a) == size);
    for (std::size_t first = 0; first < size; ++first) {
      for (std::size_t second = first; second < size; ++second) {
        Bytes b = a;
        b[first] ^= 0x80;
        b[second] |= 0x20;
        REQUIRE(common_prefix(a, b) == first);
      }
    }
  }
}

TEST_CASE("runs of equal bytes are maximal and concatenate to the bytes") {
  std::mt19937 random(21);
  for (int round = 0; round < 500; ++round) {
    Bytes bytes;
    while (bytes.size() < random() % 60) bytes.insert(bytes.end(), 1 + random() % 20, random() % 3);
    Bytes together;
    for_each_equal_run(bytes, [&](std::uint8_t value, std::size_t length) {
      REQUIRE(length > 0);
      REQUIRE((together.empty() || together.back() != value));
      together.insert(together.end(), length, value);
    });
    REQUIRE(together == bytes);
  }
}

TEST_CASE("the column-major runs of random images have the same pixels") {
  std::mt19937 random(22);
  for (int round = 0; round < 2000; ++round) {
    LabelMap const picture = random_picture(random);
    LabelRuns const& runs = picture.runs();
    Bytes together;
    for (Run const& run : runs.runs()) {
      REQUIRE(run.end > together.size());
      REQUIRE((together.empty() || together.back() != run.value));
      together.resize(run.end, run.value);
    }
    INFO(to_string(picture.size()));
    REQUIRE(together == columns_of(picture));
  }
}

TEST_CASE("an image of one value is one run, whatever its shape") {
  auto const size = GENERATE(Size{1, 1}, Size{1, 9}, Size{9, 1}, Size{8, 17});
  auto const pixels = static_cast<std::uint32_t>(size.pixels());
  LabelRuns const runs = LabelMap(size, Bytes(pixels, 5)).runs();
  REQUIRE(runs.runs().size() == 1);
  CHECK(runs.runs()[0] == Run{pixels, 5});
}

TEST_CASE("every position is found in the run that contains it") {
  std::mt19937 random(23);
  for (int round = 0; round < 500; ++round) {
    LabelRuns const labels = random_picture(random).runs();
    std::span<Run const> const runs = labels.runs();
    std::size_t expected = 0;
    for (std::uint32_t position = 0; position < labels.size().pixels(); ++position) {
      if (position == runs[expected].end) ++expected;
      REQUIRE(labels.run_at(position) == expected);
    }
  }
}

TEST_CASE("consecutive runs of equal value are joined") {
  LabelRuns const runs({2, 3}, {{1, 7}, {2, 7}, {4, 0}, {5, 9}, {6, 9}});
  CHECK(std::vector<Run>(runs.runs().begin(), runs.runs().end()) ==
        std::vector<Run>{{2, 7}, {4, 0}, {6, 9}});
  CHECK(runs == LabelRuns({2, 3}, {{2, 7}, {4, 0}, {6, 9}}));
  CHECK_FALSE(runs == LabelRuns({3, 2}, {{2, 7}, {4, 0}, {6, 9}}));
}

TEST_CASE("runs that do not fill the image in order are refused with the positions") {
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {}), Contains("end at 0, but 2x3 (height x width) has 6"));
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {{5, 1}}), Contains("end at 5, but 2x3"));
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {{7, 1}}), Contains("end at 7, but 2x3"));
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {{0, 1}, {6, 2}}), Contains("end at 0 and then at 0"));
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {{4, 1}, {4, 2}, {6, 1}}),
                    Contains("end at 4 and then at 4"));
  CHECK_THROWS_WITH(LabelRuns({2, 3}, {{4, 1}, {3, 2}, {6, 1}}),
                    Contains("end at 4 and then at 3"));
  CHECK_THROWS_WITH(LabelRuns({0, 3}, {}), Contains("a label map has the size 0x3"));
}

TEST_CASE("converting runs to rows and back gives the same runs") {
  std::mt19937 random(24);
  for (int round = 0; round < 2000; ++round) {
    LabelMap const picture = random_picture(random);
    INFO(to_string(picture.size()));
    REQUIRE(row_major(picture.runs()) == Bytes(picture.pixels().begin(), picture.pixels().end()));
  }
}

TEST_CASE("overlaps of the runs of two images equal the overlaps of their pixels") {
  std::mt19937 random(25);
  for (int round = 0; round < 1000; ++round) {
    LabelMap const a = random_picture(random);
    Bytes pixels(a.size().pixels());
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() % 3);
    LabelMap const b(a.size(), pixels);
    Bytes left, right;
    for_each_overlap(a.runs(), b.runs(), [&](std::uint8_t l, std::uint8_t r, std::uint32_t n) {
      left.insert(left.end(), n, l);
      right.insert(right.end(), n, r);
    });
    REQUIRE(left == columns_of(a));
    REQUIRE(right == columns_of(b));
  }
}
