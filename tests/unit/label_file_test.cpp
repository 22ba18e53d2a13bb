#include <seplflow/formats/label_file.hpp>

#include <seplflow/formats/png.hpp>
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Palette = std::vector<std::array<std::uint8_t, 3>>;

LabelReading voc(std::optional<IdsFrom> ids_from = {}, bool strict = false) {
  LabelReading reading;
  reading.classes = voc12_classes();
  reading.ids_from = ids_from;
  reading.strict = strict;
  return reading;
}

LabelReading of_classes(std::vector<std::string> names) {
  LabelReading reading;
  reading.classes = std::make_shared<Classes const>(std::move(names));
  return reading;
}

LabelFile decode(Bytes const& bytes, LabelReading const& reading = voc()) {
  return decode_label_file(bytes, "a.png", reading);
}

Bytes pixels_of(LabelFile const& file) {
  auto const pixels = file.labels.pixels();
  return {pixels.begin(), pixels.end()};
}

// One row of palette indices.
Bytes palette_png(Bytes const& row, Palette const& palette) {
  return make_png({1, static_cast<std::uint32_t>(row.size())}, {PNG_COLOR_TYPE_PALETTE, 8}, row,
                  palette);
}

Bytes rgb_png(Palette const& row) {
  Bytes bytes;
  for (auto const& colour : row) bytes.insert(bytes.end(), colour.begin(), colour.end());
  return make_png({1, static_cast<std::uint32_t>(row.size())}, {PNG_COLOR_TYPE_RGB, 8}, bytes);
}

std::array<std::uint8_t, 3> gray(std::uint8_t level) { return {level, level, level}; }

// A .npy file of version 1.0.
Bytes npy(std::string const& type, std::string const& shape, std::string const& data) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string const file =
      std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header + data;
  return {file.begin(), file.end()};
}

}  // namespace

TEST_CASE("plain class ids are read as they are stored, without a remark") {
  LabelMap const labels({2, 3}, {0, 1, 20, 255, 0, 15});
  for (LabelColours const kind : {LabelColours::gray, LabelColours::voc_palette}) {
    for (bool const strict : {false, true}) {
      LabelFile const file = decode(encode_label_png(labels, kind), voc({}, strict));
      CHECK(file.labels == labels);
      CHECK(file.remark.empty());
    }
  }
  // A palette of other colours says nothing, nor does one with too few entries.
  CHECK(pixels_of(decode(palette_png({0, 12, 15}, {}))) == Bytes{0, 12, 15});
  CHECK(pixels_of(decode(palette_png({0, 1, 9}, {{0, 0, 0}, {128, 0, 0}}))) == Bytes{0, 1, 9});
}

TEST_CASE("a palette that contradicts its values is read by colour and reported") {
  Palette const reindexed = {voc_colour(0), voc_colour(12), voc_colour(15)};
  LabelFile const file = decode(palette_png({0, 1, 2, 1}, reindexed));
  CHECK(pixels_of(file) == Bytes{0, 12, 15, 12});
  CHECK_THAT(file.remark, Contains("contradict their values") && Contains("ids_from"));
  CHECK(file.detail == "values 0, 1, 2 show 0, 12, 15");
  // Any order, gray levels, and 255 in VOC's colour or white.
  Palette const other = {voc_colour(15), voc_colour(0), voc_colour(255), voc_colour(12)};
  CHECK(pixels_of(decode(palette_png({0, 1, 2, 3}, other))) == Bytes{15, 0, 255, 12});
  CHECK(pixels_of(decode(palette_png({0, 1, 2}, {gray(0), gray(12), gray(15)}))) ==
        Bytes{0, 12, 15});
  CHECK(pixels_of(decode(palette_png({0, 1, 2}, {gray(0), voc_colour(12), gray(255)}))) ==
        Bytes{0, 12, 255});
  // Pixels of 4 bits.
  CHECK(pixels_of(decode(make_png({1, 2}, {PNG_COLOR_TYPE_PALETTE, 4}, {0x12}, reindexed))) ==
        Bytes{12, 15});
}

TEST_CASE("unused entries of a palette do not count") {
  Palette const palette = {voc_colour(0), voc_colour(1), voc_colour(9), voc_colour(3)};
  CHECK(pixels_of(decode(palette_png({0, 1, 3}, palette))) == Bytes{0, 1, 3});
}

TEST_CASE("a palette that is padded with black leaves 255 what it is") {
  Palette padded(256, {0, 0, 0});
  for (std::size_t i = 0; i <= 20; ++i) padded[i] = voc_colour(static_cast<Label>(i));
  LabelFile const file = decode(palette_png({0, 12, 255}, padded));
  CHECK(pixels_of(file) == Bytes{0, 12, 255});
  CHECK(file.remark.empty());
  CHECK(pixels_of(decode(palette_png({12, 255}, padded))) == Bytes{12, 255});
}

TEST_CASE("colours that are ids of other data sets do not count") {
  Palette const palette = {voc_colour(0), voc_colour(25), voc_colour(26)};
  CHECK(pixels_of(decode(palette_png({0, 1, 2}, palette))) == Bytes{0, 1, 2});
}

TEST_CASE("nothing is guessed where both readings of a palette are possible") {
  Palette const swapped = {voc_colour(0), voc_colour(2), voc_colour(1)};
  LabelReading const own = of_classes({"background", "cat", "dog"});
  CHECK_THROWS_WITH(decode(palette_png({0, 1, 2}, swapped), own),
                    Contains("a.png has a palette that contradicts its values") &&
                        Contains("by value it holds the ids 0, 1, 2") &&
                        Contains("by colour (VOC's colours) the ids 0, 1, 2") &&
                        Contains("ids_from = \"values\" or ids_from = \"colours\""));
  // The values are no ids of this data set, so the colours decide.
  Palette const high = {voc_colour(0), {1, 2, 3}, {3, 2, 1}, voc_colour(2)};
  CHECK(pixels_of(decode(palette_png({0, 3}, high), own)) == Bytes{0, 2});
  LabelReading chosen = own;
  chosen.ids_from = IdsFrom::values;
  CHECK(pixels_of(decode(palette_png({0, 1, 2}, swapped), chosen)) == Bytes{0, 1, 2});
  chosen.ids_from = IdsFrom::colours;
  CHECK(pixels_of(decode(palette_png({0, 1, 2}, swapped), chosen)) == Bytes{0, 2, 1});
}

TEST_CASE("a palette of black and white is ambiguous: 0 and 1, or 0 and 255") {
  Palette const mask = {gray(0), gray(255)};
  for (LabelReading const& reading : {voc(), of_classes({"background", "polyp"})}) {
    CHECK_THROWS_WITH(decode(palette_png({0, 1}, mask), reading),
                      Contains("by value it holds the ids 0, 1") && Contains("the ids 0, 255"));
    // All background is the same either way.
    CHECK(pixels_of(decode(palette_png({0, 0}, mask), reading)) == Bytes{0, 0});
  }
}

TEST_CASE("strict reading refuses what is not plain") {
  Palette const reindexed = {voc_colour(0), voc_colour(12)};
  CHECK_THROWS_WITH(decode(palette_png({0, 1}, reindexed), voc({}, true)),
                    Contains("strict = true"));
  CHECK_THROWS_WITH(decode(rgb_png({voc_colour(12)}), voc({}, true)),
                    Contains("a.png is an 8-bit RGB PNG"));
  CHECK_THROWS_WITH(decode(make_png({1, 1}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 1}), voc({}, true)),
                    Contains("16-bit gray"));
  CHECK_THROWS_WITH(decode(make_png({1, 1}, {PNG_COLOR_TYPE_GRAY, 1}, {0x80}), voc({}, true)),
                    Contains("1-bit gray"));
}

TEST_CASE("RGB pictures in VOC's colours are read and reported") {
  LabelFile const file = decode(rgb_png({voc_colour(0), voc_colour(15), voc_colour(255)}));
  CHECK(pixels_of(file) == Bytes{0, 15, 255});
  CHECK_THAT(file.remark, Contains("RGB") && Contains("VOC's colours"));
  Bytes const rgba = {192, 128, 128, 255, 0, 0, 0, 255};
  CHECK(pixels_of(decode(make_png({1, 2}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, rgba))) == Bytes{15, 0});
  Bytes const rgb16 = {192, 192, 128, 128, 128, 128, 0, 0, 0, 0, 0, 0};
  CHECK(pixels_of(decode(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 16}, rgb16))) == Bytes{15, 0});
  // (128, 128, 128) is VOC's bottle, because there is no class 128.
  CHECK(pixels_of(decode(rgb_png({voc_colour(0), voc_colour(7)}))) == Bytes{0, 7});
}

TEST_CASE("other RGB pictures are refused with the colour that is not an id") {
  CHECK_THROWS_WITH(decode(rgb_png({voc_colour(0), {255, 0, 0}})),
                    Contains("a.png is an 8-bit RGB PNG") && Contains("the colour (255, 0, 0)") &&
                        Contains("colours = ["));
  CHECK_THROWS_WITH(decode(rgb_png({voc_colour(25)})),
                    Contains("means class 25 in VOC's colours, which the data set does not have"));
  Palette many;
  for (unsigned i = 0; i < 300; ++i) {
    many.push_back({static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i / 2), 7});
  }
  CHECK_THROWS_WITH(decode(rgb_png(many)), Contains("more than 256 colours"));
}

TEST_CASE("gray values that are ids in another form are read without a remark") {
  auto const plain = [](Bytes const& file, Bytes const& expected) {
    LabelFile const read = decode(file);
    CHECK(pixels_of(read) == expected);
    CHECK(read.remark.empty());
  };
  plain(rgb_png({gray(0), gray(12), gray(255)}), {0, 12, 255});
  plain(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {15, 255, 0, 255}), {15, 0});
  plain(make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 15, 0, 0, 0, 255}), {15, 0, 255});
  // 8 bits that a program scaled to 16.
  plain(make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 16}, {15, 15, 0, 0, 255, 255}), {15, 0, 255});
  plain(make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 8, true}, {15, 0, 255}), {15, 0, 255});
}

TEST_CASE("transparency and values above 255 are refused with their place") {
  CHECK_THROWS_WITH(decode(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {15, 255, 0, 7})),
                    Contains("a transparent pixel at row 0, column 1"));
  CHECK_THROWS_WITH(decode(make_png({2, 1}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 1, 1, 44})),
                    Contains("the value 300 at row 1, column 0"));
  CHECK_THROWS_WITH(decode(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 16}, {0, 1, 1, 1})),
                    Contains("scaled by 257, the first at row 0, column 1"));
}

TEST_CASE("one bit is 0 and 1, which is reported unless there are two classes") {
  Bytes const file = make_png({1, 3}, {PNG_COLOR_TYPE_GRAY, 1}, {0b10100000});
  LabelFile const two = decode(file, of_classes({"background", "polyp"}));
  CHECK(pixels_of(two) == Bytes{1, 0, 1});
  CHECK(two.remark.empty());
  CHECK(pixels_of(decode(file)) == Bytes{1, 0, 1});
  CHECK_THAT(decode(file).remark, Contains("1 bit"));
}

TEST_CASE("gray of 2 or 4 bits is read where only values or only gray levels are ids") {
  auto const gray4 = [](std::uint8_t both) {
    return make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 4}, {both});
  };
  LabelFile const values = decode(gray4(0x2F));  // gray level 34 is no class of VOC's
  CHECK(pixels_of(values) == Bytes{2, 15});
  CHECK_THAT(values.remark, Contains("4 bits per pixel") && Contains("values are read"));
  CHECK(pixels_of(decode(make_png({1, 4}, {PNG_COLOR_TYPE_GRAY, 2}, {0b00011011}))) ==
        Bytes{0, 1, 2, 3});
  LabelReading relabelled = of_classes({"background", "cat"});
  relabelled.relabel[34] = 1;
  LabelFile const levels = decode(gray4(0x02), relabelled);
  CHECK(pixels_of(levels) == Bytes{0, 1});
  CHECK_THAT(levels.remark, Contains("gray levels are read"));
  CHECK(decode(gray4(0)).remark.empty());
}

TEST_CASE("gray of 4 bits with two readings is refused with both and the option for each") {
  Bytes const file = make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 4}, {0x1F});
  std::string const both =
      "a.png is a 4-bit gray PNG that has two readings: by value it holds the ids 1, 15, and by "
      "gray level (0 to 255) the ids 17, 255; set ids_from = \"values\" for the first or ids_from "
      "= \"colours\" for the second";
  for (LabelReading const& reading : {voc(), LabelReading()}) {
    CHECK_THROWS_WITH(decode(file, reading), Contains(both));
  }
  // Neither has only ids, or only 0 and 255 come out.
  for (std::uint8_t const pixels : {0x0E, 0x0F}) {
    CHECK_THROWS_WITH(decode(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 4}, {pixels}),
                             of_classes({"background", "cat"})),
                      Contains("two readings"));
  }
  CHECK_THROWS_WITH(decode(file, voc({}, true)), Contains("4-bit gray"));
  CHECK(pixels_of(decode(file, voc(IdsFrom::values))) == Bytes{1, 15});
  CHECK(pixels_of(decode(file, voc(IdsFrom::colours))) == Bytes{17, 255});
}

TEST_CASE("declared colours are read instead of VOC's") {
  LabelReading reading;
  reading.classes = std::make_shared<Classes const>(
      std::vector<std::string>{"background", "cat", "dog"},
      Colours{{0, {0, 0, 0}}, {1, {255, 0, 0}}, {2, {0, 255, 0}}});
  LabelFile const file = decode(rgb_png({{0, 255, 0}, {0, 0, 0}, {255, 255, 255}}), reading);
  CHECK(pixels_of(file) == Bytes{2, 0, 255});
  CHECK(file.remark.empty());
  CHECK(pixels_of(decode(palette_png({0, 1}, {{0, 255, 0}, {255, 0, 0}}), reading)) ==
        Bytes{2, 1});
  CHECK_THROWS_WITH(decode(rgb_png({voc_colour(1)}), reading),
                    Contains("(128, 0, 0) is not among the option colours"));
  // Those of the files come before those of the data set.
  reading.colours = {{0, {0, 0, 0}}, {1, {9, 9, 9}}};
  CHECK(pixels_of(decode(rgb_png({{9, 9, 9}}), reading)) == Bytes{1});
}

TEST_CASE("relabelling is applied to what a file shows") {
  LabelReading reading = of_classes({"background", "polyp"});
  reading.relabel[255] = 1;
  CHECK(pixels_of(decode(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 8}, {0, 255}), reading)) ==
        Bytes{0, 1});
  CHECK(pixels_of(decode(rgb_png({gray(0), gray(255)}), reading)) == Bytes{0, 1});
}

TEST_CASE("arrays of height x width are label maps") {
  CHECK(pixels_of(decode(npy("|u1", "(1, 3)", std::string("\x00\x0c\xff", 3)))) ==
        Bytes{0, 12, 255});
  CHECK(pixels_of(decode(npy("<i4", "(1, 2, 1)", std::string("\x0f\0\0\0\0\0\0\0", 8)))) ==
        Bytes{15, 0});
  CHECK(pixels_of(decode(npy("|b1", "(2, 1)", std::string("\x01\x00", 2)))) == Bytes{1, 0});
  float const whole[] = {12, 0};
  std::string const floats(reinterpret_cast<char const*>(whole), sizeof whole);
  CHECK(pixels_of(decode(npy("<f4", "(1, 2)", floats))) == Bytes{12, 0});
  CHECK_THROWS_WITH(decode(npy("<f4", "(1, 2)", floats), voc({}, true)), Contains("strict = true"));
  CHECK_THROWS_WITH(decode(npy("|i1", "(1, 2)", std::string("\x01\xff", 2))),
                    Contains("the value -1 at row 0, column 1"));
  CHECK_THROWS_WITH(decode(npy("|u1", "(4,)", "abcd")), Contains("shape (height, width)"));
}
