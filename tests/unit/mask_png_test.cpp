#include "formats/image/mask_png.hpp"

#include <seplflow/error.hpp>
#include <seplflow/formats/png.hpp>
#include "support/catch.hpp"
#include "support/png_fixture.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr Size kSize{2, 3};

// Of 2 x 3 pixels, the first two of the first row.
Mask const kMask = Mask::from_counts(kSize, std::vector<std::uint32_t>{0, 1, 1, 1, 3});

// A PNG in which each pixel of kMask has the samples `inside`, and each other one `outside`.
Bytes picture(PngKind kind, Bytes const& inside, Bytes const& outside) {
  Bytes rows;
  for (bool const is_inside : {true, true, false, false, false, false}) {
    Bytes const& pixel = is_inside ? inside : outside;
    rows.insert(rows.end(), pixel.begin(), pixel.end());
  }
  return make_png(kSize, kind, std::move(rows));
}

MaskPicture read(Bytes const& png, MaskPictureRule const& rule = {}) {
  return decode_mask_picture(png, "0.png", rule);
}

}  // namespace

TEST_CASE("a picture of two values is a mask whatever the values are") {
  CHECK(read(picture({}, {1}, {0})).mask == kMask);
  CHECK(read(picture({}, {255}, {0})).mask == kMask);
  CHECK(read(picture({}, {255}, {254})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY, 16}, {0, 1}, {0, 0})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY, 16}, {255, 255}, {0, 0})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_RGB, 8}, {1, 1, 1}, {0, 0, 0})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_RGB, 8}, {0, 0, 200}, {0, 0, 0})).mask == kMask);
}

TEST_CASE("a picture of one value is an empty mask if it is 0 and else a full one") {
  for (PngKind const kind :
       {PngKind{}, PngKind{PNG_COLOR_TYPE_RGB, 8}, PngKind{PNG_COLOR_TYPE_GRAY, 16}}) {
    std::size_t const samples = kind.colour_type == PNG_COLOR_TYPE_RGB ? 3 : kind.bit_depth / 8;
    CHECK(read(picture(kind, Bytes(samples, 0), Bytes(samples, 0))).mask.area() == 0);
    CHECK(read(picture(kind, Bytes(samples, 7), Bytes(samples, 7))).mask.area() == 6);
  }
}

TEST_CASE("values other than two are compared with half the scale and counted") {
  auto const found = read(make_png({1, 5}, {}, {0, 127, 128, 255, 255}));
  CHECK(found.mask.area() == 3);
  CHECK(found.between == 2);
  CHECK(read(make_png({1, 2}, {}, {3, 255})).between == 0);
  CHECK_THROWS_WITH(read(make_png({1, 3}, {}, {0, 15, 3})),
                    Contains("0.png holds more than two values, from 0 to 15"));
  // 16 bits: the scale is 255 if no value is above that.
  CHECK(read(make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 0, 0, 128, 0, 255})).mask.area() == 2);
  CHECK(read(make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 0, 1, 0, 255, 255})).mask.area() == 1);
}

TEST_CASE("of a palette the brighter colour is inside, or of equal colours the higher index") {
  // The palette of the fixture: index i has the colour (i, 2i, 255 - i), so brighter with i.
  CHECK(read(picture({PNG_COLOR_TYPE_PALETTE, 8}, {9}, {2})).mask == kMask);
  CHECK_FALSE(read(picture({PNG_COLOR_TYPE_PALETTE, 8}, {9}, {2})).reorders_palette);
  // 128 and more: 2i is taken modulo 256.
  auto const reversed = read(picture({PNG_COLOR_TYPE_PALETTE, 8}, {120}, {130}));
  CHECK(reversed.mask == kMask);
  CHECK(reversed.reorders_palette);
}

TEST_CASE("transparency is the mask if the colours have one value, and must not contradict them") {
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {0, 255}, {0, 0})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_RGB_ALPHA, 8}, {9, 9, 9, 255}, {9, 9, 9, 0})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {1, 255}, {0, 255})).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {255, 255}, {0, 0})).mask == kMask);
  CHECK_THROWS_WITH(read(picture({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {0, 255}, {255, 0})),
                    Contains("two different masks"));
  CHECK_THROWS_WITH(read(picture({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {9, 0}, {0, 0})),
                    Contains("two different masks"));
}

TEST_CASE("a picture of more than two colours is refused, but gray in RGB is not") {
  CHECK_THROWS_WITH(
      read(make_png({1, 3}, {PNG_COLOR_TYPE_RGB, 8}, {0, 0, 0, 255, 0, 0, 0, 255, 0})),
      Contains("0.png: the picture has more than two colours"));
  CHECK(read(make_png({1, 3}, {PNG_COLOR_TYPE_RGB, 8}, {0, 0, 0, 130, 130, 130, 255, 255, 255}))
            .mask.area() == 2);
}

TEST_CASE("a value that is named is inside, and no other") {
  CHECK(read(make_png({1, 4}, {}, {0, 7, 200, 255}), {200, false}).mask.area() == 1);
  CHECK(read(make_png({1, 2}, {}, {0, 0}), {255, false}).mask.area() == 0);
  CHECK_THROWS_WITH(read(make_png({1, 2}, {}, {0, 254}), {255, false}),
                    Contains("no pixel has the value 255"));
  CHECK(read(picture({PNG_COLOR_TYPE_PALETTE, 8}, {120}, {130}), {120, false}).mask == kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_RGB, 8}, {255, 255, 255}, {255, 0, 0}), {255, false}).mask ==
        kMask);
  CHECK(read(picture({PNG_COLOR_TYPE_GRAY, 16}, {3, 232}, {0, 1}), {1000, false}).mask == kMask);
}

TEST_CASE("strict takes nothing but 8-bit or 1-bit gray of 0 and 255") {
  MaskPictureRule const strict{std::nullopt, true};
  CHECK(read(picture({}, {255}, {0}), strict).mask == kMask);
  CHECK_THROWS_WITH(read(picture({}, {1}, {0}), strict), Contains("values other than 0 and 255"));
  CHECK_THROWS_WITH(read(picture({PNG_COLOR_TYPE_RGB, 8}, {1, 1, 1}, {0, 0, 0}), strict),
                    Contains("not a PNG of 8-bit gray"));
  CHECK(read(make_png({1, 3}, {}, {0, 254, 255}), {255, true}).mask.area() == 1);
}

TEST_CASE("instances are masks by ascending number") {
  auto const masks = decode_instance_png(make_png({2, 3}, {}, {0, 9, 9, 2, 2, 0}), "a.png");
  REQUIRE(masks.size() == 2);
  CHECK(masks[0] == mask_of(LabelMap({2, 3}, {0, 9, 9, 2, 2, 0}).runs(), 2));
  CHECK(masks[1] == mask_of(LabelMap({2, 3}, {0, 9, 9, 2, 2, 0}).runs(), 9));
  // 255 in a palette is the border; in gray it is an instance.
  CHECK(decode_instance_png(make_png({1, 2}, {PNG_COLOR_TYPE_PALETTE, 8}, {1, 255}), "a").size() ==
        1);
  CHECK(decode_instance_png(make_png({1, 2}, {}, {1, 255}), "a").size() == 2);
  CHECK(
      decode_instance_png(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 16}, {1, 0, 0, 1}), "a").size() ==
      2);
  CHECK(decode_instance_png(make_png({1, 3}, {PNG_COLOR_TYPE_RGB, 8}, {1, 0, 0, 1, 1, 0, 0, 0, 0}),
                            "a")
            .size() == 2);
  CHECK_THROWS_WITH(
      decode_instance_png(make_png({1, 1}, {PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {1, 0}), "a.png"),
      Contains("instance numbers are gray PNGs"));
}
