#include <seplflow/formats/coco_rle.hpp>

#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

Mask mask_of(Size size, std::vector<std::uint32_t> const& counts) {
  return Mask::from_counts(size, counts);
}

// Runs of lengths from one pixel to a few thousand.
std::vector<std::uint32_t> random_counts(Size size, std::mt19937& random) {
  std::vector<std::uint32_t> counts;
  auto left = static_cast<std::uint32_t>(size.pixels());
  if (random() % 2 == 0) counts.push_back(0);
  while (left > 0) {
    std::uint32_t const longest = 1u << (random() % 13);
    std::uint32_t const run = std::min<std::uint32_t>(left, 1 + random() % longest);
    counts.push_back(run);
    left -= run;
  }
  return counts;
}

}  // namespace

TEST_CASE("an RLE string holds run lengths with 5 bits per character") {
  CHECK(decode_coco_rle({2, 2}, "4") == Mask(Size{2, 2}));
  CHECK(decode_coco_rle({2, 2}, "04") == mask_of({2, 2}, {0, 4}));
  // 16 needs a second character, or its highest bit would be the sign.
  CHECK(decode_coco_rle({4, 8}, "`0`0") == mask_of({4, 8}, {16, 16}));
  CHECK(decode_coco_rle({25, 40}, "`0hn0") == mask_of({25, 40}, {16, 984}));
}

TEST_CASE("from the fourth on, a run is stored as the difference from the run two before") {
  CHECK(decode_coco_rle({7, 3}, "35320") == mask_of({7, 3}, {3, 5, 3, 7, 3}));
  CHECK(decode_coco_rle({17, 1}, "353M1") == mask_of({17, 1}, {3, 5, 3, 2, 4}));
}

TEST_CASE("random masks survive encoding and decoding, and are encoded the same again") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 200),
                    1 + static_cast<std::uint32_t>(random() % 200)};
    Mask const mask = mask_of(size, random_counts(size, random));
    std::string const text = encode_coco_rle(mask);
    CHECK(decode_coco_rle(size, text) == mask);
    CHECK(encode_coco_rle(decode_coco_rle(size, text)) == text);
  }
}

TEST_CASE("the largest image fits an RLE string") {
  Size const size{1u << 14, 1u << 14};
  Mask const mask = mask_of(size, {(1u << 28) - 1, 1});
  CHECK(decode_coco_rle(size, encode_coco_rle(mask)) == mask);
}

TEST_CASE("an RLE string with a foreign character is refused with its position") {
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "1 3"),
                    Contains("holds byte 32") && Contains("at character 1 (from 0)"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "13p"),
                    Contains("holds 'p'") && Contains("at character 2"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "/"), Contains("holds '/'"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "1\xff"), Contains("holds byte 255"));
}

TEST_CASE("an RLE string that ends within a number is refused") {
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "2P"),
                    Contains("of 2 characters ends within a number"));
}

TEST_CASE("an RLE string with a negative run is refused") {
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "1O"),
                    Contains("a run of negative length -1 at character 1"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 4}, "111M"),
                    Contains("a run of negative length -2 at character 3"));
}

TEST_CASE("an RLE string with a number that no run can have is refused") {
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "PPPPPPPP0"), Contains("a number too large"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "oooooo?"),
                    Contains("runs of more than the 4 pixels of 2x2"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "PPPPPP@"), Contains("negative"));
}

TEST_CASE("an RLE string whose runs do not add up to the image is refused") {
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "12"),
                    Contains("add up to 3 pixels") && Contains("2x2"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, "14"),
                    Contains("more than the 4 pixels of 2x2") && Contains("at character 1"));
  CHECK_THROWS_WITH(decode_coco_rle({2, 2}, ""), Contains("add up to 0 pixels"));
}

TEST_CASE("every string gives a mask or an error") {
  std::mt19937 random(2);
  Size const size{3, 5};
  int masks = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 6, ' ');
    for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? random() : '0' + random() % 8);
    try {
      Mask const mask = decode_coco_rle(size, text);
      CHECK(decode_coco_rle(size, encode_coco_rle(mask)) == mask);
      ++masks;
    } catch (Error const&) {
    }
  }
  CHECK(masks > 10);
}
