#include <seplflow/formats/png.hpp>

#include <random>
#include <string>

#include <seplflow/error.hpp>
#include "formats/image/plain_png.hpp"
#include "formats/image/run_inflate.hpp"
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

LabelMap random_labels(Size size, std::mt19937& random) {
  std::vector<Label> pixels(size.pixels());
  for (Label& pixel : pixels) pixel = static_cast<Label>(random() % 4 == 0 ? random() : 0);
  return LabelMap(size, std::move(pixels));
}

Bytes as_bytes(LabelMap const& labels) {
  return {labels.pixels().begin(), labels.pixels().end()};
}

Mask mask_of(LabelMap const& pixels, Label inside) {
  return Mask::from_runs(pixels.size(), pixels.runs().runs(), inside);
}

// A small sound label PNG to be damaged.
Bytes sound_png() {
  return make_png({4, 5}, {}, Bytes(20, 7));
}

}  // namespace

TEST_CASE("an encoded label map decodes to itself, with palette and gray") {
  std::mt19937 random(1);
  auto const colours = GENERATE(LabelColours::voc_palette, LabelColours::gray);
  for (int round = 0; round < 40; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 60),
                    1 + static_cast<std::uint32_t>(random() % 60)};
    LabelMap const labels = random_labels(size, random);
    CHECK(decode_label_png(encode_label_png(labels, colours), "a.png") == labels);
  }
}

TEST_CASE("equal label maps are encoded to equal bytes") {
  std::mt19937 random(2);
  LabelMap const labels = random_labels({30, 40}, random);
  CHECK(encode_label_png(labels, LabelColours::voc_palette) ==
        encode_label_png(labels, LabelColours::voc_palette));
}

TEST_CASE("label maps are compressed exactly as zlib compresses their runs") {
  std::mt19937 random(3);
  PngKind const kind{PNG_COLOR_TYPE_GRAY, 8, false, PNG_FILTER_NONE, true};
  auto const below = [&](unsigned limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int round = 0; round < 150; ++round) {
    // From a few pixels to several blocks, from noise to long runs; values that are twice as likely
    // as the next ones have the longest codes.
    unsigned const longest = 1U << below(12), values = 1 + below(256);
    bool const is_skewed = below(2) == 0;
    Size const size{1 + below(round % 8 == 0 ? 400 : 60), 1 + below(round % 8 == 0 ? 700 : 60)};
    std::vector<Label> pixels;
    while (pixels.size() < size.pixels()) {
      unsigned value = is_skewed ? 0 : below(values);
      while (is_skewed && value + 1 < values && below(2) == 0) ++value;
      std::size_t const left = size.pixels() - pixels.size();
      pixels.insert(pixels.end(), std::min<std::size_t>(left, 1 + below(longest)),
                    static_cast<Label>(value));
    }
    CHECK(encode_label_png(LabelMap(size, pixels), LabelColours::gray) ==
          make_png(size, kind, pixels));
  }
}

TEST_CASE("an encoded label map has the colours of PASCAL VOC") {
  Bytes const file = encode_label_png(LabelMap(Size{1, 1}), LabelColours::voc_palette);
  std::size_t const palette = chunk_data(file, "PLTE");
  auto const colour = [&](std::size_t label) {
    return std::vector<int>(&file[palette + 3 * label], &file[palette + 3 * label] + 3);
  };
  CHECK(colour(0) == std::vector{0, 0, 0});
  CHECK(colour(1) == std::vector{128, 0, 0});        // aeroplane
  CHECK(colour(15) == std::vector{192, 128, 128});   // person
  CHECK(colour(20) == std::vector{0, 64, 128});      // tvmonitor
  CHECK(colour(255) == std::vector{224, 224, 192});  // ignore
}

TEST_CASE("label maps keep the values of gray and palette files, interlaced or not") {
  std::mt19937 random(3);
  Size const size{13, 21};
  LabelMap const labels = random_labels(size, random);
  bool const interlaced = GENERATE(false, true);
  int const colour_type = GENERATE(PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE);
  Bytes const file = make_png(size, {colour_type, 8, interlaced}, as_bytes(labels));
  CHECK(decode_label_png(file, "a.png") == labels);
}

TEST_CASE("label maps keep the indices of palettes of fewer than 8 bits") {
  CHECK(decode_label_png(make_png({1, 5}, {PNG_COLOR_TYPE_PALETTE, 1}, {0b10110000}), "a.png") ==
        LabelMap({1, 5}, {1, 0, 1, 1, 0}));
  CHECK(decode_label_png(make_png({1, 3}, {PNG_COLOR_TYPE_PALETTE, 2}, {0b11011000}), "a.png") ==
        LabelMap({1, 3}, {3, 1, 2}));
  CHECK(decode_label_png(make_png({1, 3}, {PNG_COLOR_TYPE_PALETTE, 4}, {0xf0, 0x70}), "a.png") ==
        LabelMap({1, 3}, {15, 0, 7}));
}

TEST_CASE("label maps are refused in kinds of PNG that do not determine class ids") {
  auto const decode = [](PngKind kind, std::size_t row) {
    return decode_label_png(make_png({1, 2}, kind, Bytes(row)), "a.png");
  };
  CHECK_THROWS_WITH(decode({PNG_COLOR_TYPE_RGB, 8}, 6),
                    Contains("a.png is an 8-bit RGB PNG; label maps are") &&
                        Contains("colours do not determine class ids") &&
                        Contains("save those as 8-bit gray"));
  CHECK_THROWS_WITH(decode({PNG_COLOR_TYPE_RGB_ALPHA, 8}, 8),
                    Contains("a.png is an 8-bit RGBA PNG"));
  CHECK_THROWS_WITH(
      decode({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, 4),
      Contains("an 8-bit gray-with-alpha PNG") && Contains("save the gray channel alone"));
  CHECK_THROWS_WITH(decode({PNG_COLOR_TYPE_GRAY, 16}, 4), Contains("a 16-bit gray PNG"));
  CHECK_THROWS_WITH(decode({PNG_COLOR_TYPE_GRAY, 1}, 1),
                    Contains("a 1-bit gray PNG") && Contains("scale fewer bits"));
}

TEST_CASE("a file that is not a PNG is refused with the format that it seems to have") {
  auto const decode = [](Bytes const& bytes) { return decode_label_png(bytes, "a.png"); };
  CHECK_THROWS_WITH(decode({}), Contains("a.png is empty (0 bytes); expected a label map"));
  CHECK_THROWS_WITH(decode({0xff, 0xd8, 0xff, 0xe0}), Contains("a.png is a JPEG image, not a label map: "));
  CHECK_THROWS_WITH(decode({0x89, 'P', 'N'}), Contains("a.png is not a label map: an 8-bit"));
}

TEST_CASE("a PNG that is truncated anywhere is reported as truncated") {
  Bytes const file = sound_png();
  for (std::size_t size = 8; size < file.size(); ++size) {
    CHECK_THROWS_WITH(decode_label_png(std::span(file).first(size), "a.png"),
                      Contains("a.png is truncated: its " + std::to_string(size) + " bytes"));
  }
}

TEST_CASE("a PNG with any changed byte of its image is damaged") {
  Bytes const file = sound_png();
  for (std::size_t i = chunk_data(file, "IDAT"); i < chunk_data(file, "IEND") - 8; ++i) {
    Bytes damaged = file;
    damaged[i] ^= 0x10;
    CHECK_THROWS_WITH(decode_label_png(damaged, "a.png"),
                      Contains("a.png is damaged (") && Contains("copy, download"));
  }
}

TEST_CASE("a PNG with fewer rows than its header says is damaged") {
  Bytes file = sound_png();
  std::size_t const header = chunk_data(file, "IHDR");
  file[header + 7] = 9;
  repair_crc(file, header);
  CHECK_THROWS_WITH(decode_label_png(file, "a.png"), Contains("a.png is damaged"));
}

TEST_CASE("bytes after the end of a PNG are ignored") {
  Bytes file = sound_png();
  file.insert(file.end(), 100, 0xaa);
  CHECK(decode_label_png(file, "a.png") == LabelMap({4, 5}, Bytes(20, 7)));
}

TEST_CASE("no memory is allocated for pixels that a PNG cannot hold") {
  auto const claiming = [](std::uint32_t height, std::uint32_t width) {
    Bytes file = sound_png();
    std::size_t const header = chunk_data(file, "IHDR");
    for (int i = 0; i < 4; ++i) {
      file[header + i] = static_cast<std::uint8_t>(width >> (24 - 8 * i));
      file[header + 4 + i] = static_cast<std::uint8_t>(height >> (24 - 8 * i));
    }
    repair_crc(file, header);
    return file;
  };
  CHECK_THROWS_WITH(decode_label_png(claiming(100000, 100000), "a.png"),
                    Contains("a.png has the size 100000x100000"));
  CHECK_THROWS_WITH(decode_label_png(claiming(1, 2000000000), "a.png"),
                    Contains("a.png has the size 1x2000000000"));
  CHECK_THROWS_WITH(decode_label_png(claiming(10000, 10000), "a.png"),
                    Contains("a.png is truncated"));
}

TEST_CASE("a mask is inside where its PNG is 255") {
  std::mt19937 random(4);
  bool const interlaced = GENERATE(false, true);
  for (int round = 0; round < 20; ++round) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 40),
                    1 + static_cast<std::uint32_t>(random() % 40)};
    std::vector<Label> pixels(size.pixels());
    for (Label& pixel : pixels) pixel = random() % 2 == 0 ? 255 : 0;
    pixels[0] = 255;
    if (pixels.size() > 1) pixels[1] = 254;
    LabelMap const picture(size, pixels);
    Bytes const file = make_png(size, {PNG_COLOR_TYPE_GRAY, 8, interlaced}, as_bytes(picture));
    CHECK(decode_mask_png(file, "0.png") == mask_of(picture, 255));
  }
}

TEST_CASE("a mask of 1-bit gray is inside where the bit is set") {
  Bytes const file = make_png({2, 3}, {PNG_COLOR_TYPE_GRAY, 1}, {0b01000000, 0b11000000});
  CHECK(decode_mask_png(file, "0.png") == mask_of(LabelMap({2, 3}, {0, 1, 0, 1, 1, 0}), 1));
}

TEST_CASE("a mask of zeros is empty") {
  Mask const mask = decode_mask_png(make_png({2, 2}, {}, Bytes(4)), "0.png");
  CHECK(mask == Mask(Size{2, 2}));
}

TEST_CASE("a mask without a 255 is refused unless it is all zero") {
  CHECK_THROWS_WITH(decode_mask_png(make_png({2, 2}, {}, {0, 1, 1, 0}), "0.png"),
                    Contains("0.png holds values up to 1 but no 255") &&
                        Contains("multiply this 0/1 mask by 255"));
  CHECK_THROWS_WITH(decode_mask_png(make_png({2, 2}, {}, {0, 15, 3, 0}), "0.png"),
                    Contains("up to 15") && Contains("label map"));
}

TEST_CASE("masks are refused in other kinds of PNG") {
  CHECK_THROWS_WITH(decode_mask_png(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(6)), "0.png"),
                    Contains("0.png is an 8-bit RGB PNG") && Contains("255 inside"));
  CHECK_THROWS_WITH(
      decode_mask_png(make_png({1, 2}, {PNG_COLOR_TYPE_PALETTE, 8}, Bytes(2)), "0.png"),
      Contains("0.png is an 8-bit palette PNG"));
}

TEST_CASE("a label or mask file that cannot be read is reported with the reason") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read_label_png(folder.path() / "no.png"),
                    Contains("cannot read ") && Contains("no.png: No such file or directory"));
  CHECK_THROWS_WITH(read_mask_png(folder.path()), Contains("is a folder, not a file"));
  auto const empty = folder.write("empty.png", "");
  CHECK_THROWS_WITH(read_mask_png(empty),
                    Contains("empty.png is empty (0 bytes); expected a mask"));
  auto const sound = folder.write("sound.png", as_text(sound_png()));
  CHECK(read_label_png(sound) == LabelMap({4, 5}, Bytes(20, 7)));
}

// ---- The fast decoder beside libpng ----

namespace {

// What the fast decoder makes of a file; nothing if it leaves the file to libpng.
std::optional<Bytes> decode_plainly(Bytes const& file) {
  auto const png = PlainPng::parse(file);
  if (!png) return std::nullopt;
  Bytes pixels(png->size().pixels());
  auto const runs = png->read_runs(1);
  if (!png->read_all(1, pixels)) {
    CHECK_FALSE(runs);
    return std::nullopt;
  }
  CHECK(row_major(LabelRuns(png->size(), runs.value())) == pixels);
  return pixels;
}

// Rows of this kind with pixels that repeat to the right and downwards in all ways.
Bytes random_rows(Size size, PngKind kind, std::mt19937& random) {
  std::size_t const stride = (size.width * static_cast<unsigned>(kind.bit_depth) + 7) / 8;
  Bytes rows(stride * size.height);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    unsigned const choice = random() % 16;
    std::uint8_t const above = i < stride ? std::uint8_t{0} : rows[i - stride];
    rows[i] = choice == 0 ? static_cast<std::uint8_t>(random())
              : choice < 6 && i > 0 ? rows[i - 1]
                                    : above;
  }
  return rows;
}

// Gray of few changes from row to row.
Bytes calm_rows(Size size, std::mt19937& random) {
  Bytes rows(size.pixels());
  for (std::size_t i = size.width; i < rows.size(); ++i) rows[i] = rows[i - size.width];
  for (unsigned n = random() % 6; n > 0; --n) {
    std::size_t const begin = random() % rows.size();
    std::size_t const length = std::min<std::size_t>(rows.size() - begin, random() % 60);
    auto const value = static_cast<std::uint8_t>(random() % 3 * 100);
    std::size_t const height = random() % 40;
    for (std::size_t at = begin, y = 0; y < height && at + length <= rows.size(); ++y) {
      std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(at), length, value);
      at += size.width;
    }
  }
  return rows;
}

// Whether all data of the PNG, which has one chunk of them, can be decompressed to runs.
bool has_long_runs(Bytes const& file, Size size) {
  std::size_t const data = chunk_data(file, "IDAT");
  std::size_t const length = std::size_t{file[data - 6]} << 8 | file[data - 5];
  std::vector<Run> runs;
  return inflate_runs(std::span(file).subspan(data, length), size.pixels() + size.height, runs);
}

}  // namespace

TEST_CASE("plain PNGs of all kinds and filters are decoded as libpng decodes them") {
  std::mt19937 random(5);
  int const colour_type = GENERATE(PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE);
  int const bit_depth = GENERATE(1, 2, 4, 8);
  for (int const filters : {PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP, PNG_FILTER_AVG,
                            PNG_FILTER_PAETH, PNG_ALL_FILTERS}) {
    for (int round = 0; round < 12; ++round) {
      Size const size{1 + static_cast<std::uint32_t>(random() % 90),
                      1 + static_cast<std::uint32_t>(random() % 200)};
      PngKind const kind{colour_type, bit_depth, false, filters};
      Bytes const file = make_png(size, kind, random_rows(size, kind, random));
      CHECK(decode_plainly(file) == decode_by_libpng(file, false));
      auto const scaled = decode_by_libpng(file, true);
      if (colour_type != PNG_COLOR_TYPE_GRAY) continue;
      Bytes pixels(size.pixels());
      CHECK(PlainPng::parse(file)->read_all(255U / ((1U << bit_depth) - 1), pixels));
      CHECK(pixels == scaled);
    }
  }
}

TEST_CASE("an altered PNG is decoded as libpng decodes it, or left to libpng") {
  std::mt19937 random(6);
  Size const size{20, 30};
  std::size_t decoded = 0, lenient = 0;
  for (PngKind const kind : {PngKind{}, PngKind{PNG_COLOR_TYPE_PALETTE, 8},
                             PngKind{PNG_COLOR_TYPE_GRAY, 1}}) {
    Bytes const sound = make_png(size, kind, random_rows(size, kind, random));
    for (int round = 0; round < 3000; ++round) {
      Bytes file = sound;
      for (unsigned n = 1 + random() % 3; n > 0; --n) {
        file[8 + random() % (file.size() - 8)] ^= static_cast<std::uint8_t>(1U << random() % 8);
      }
      if (random() % 8 > 0) repair_every_crc(file);
      if (random() % 8 == 0) file.resize(8 + random() % (file.size() - 8));
      if (auto const pixels = decode_plainly(file)) {
        // libdeflate accepts a few malformed streams that zlib refuses, with the right checksum.
        auto const expected = decode_by_libpng(file, false);
        ++(expected ? decoded : lenient);
        if (expected) CHECK(pixels == expected);
      }
    }
  }
  CHECK(decoded > 100);
  CHECK(lenient < 10);
}

TEST_CASE("PNGs of long runs are decoded as libpng decodes them, sound or altered") {
  std::mt19937 random(7);
  std::size_t long_runs = 0, lenient = 0;
  for (int round = 0; round < 150; ++round) {
    Size const size{80 + static_cast<std::uint32_t>(random() % 200),
                    200 + static_cast<std::uint32_t>(random() % 400)};
    int const filters = std::array{PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP, PNG_FILTER_AVG,
                                   PNG_FILTER_PAETH, PNG_ALL_FILTERS}[random() % 6];
    Bytes file = make_png(size, {PNG_COLOR_TYPE_GRAY, 8, false, filters, random() % 2 == 0},
                          calm_rows(size, random));
    long_runs += has_long_runs(file, size) ? 1 : 0;
    CHECK(decode_plainly(file) == decode_by_libpng(file, false));
    for (int change = 0; change < 4; ++change) {
      Bytes altered = file;
      std::size_t const data = chunk_data(file, "IDAT");
      altered[data + random() % (file.size() - 12 - data)] ^=
          static_cast<std::uint8_t>(1U << random() % 8);
      repair_every_crc(altered);
      if (auto const pixels = decode_plainly(altered)) {
        auto const expected = decode_by_libpng(altered, false);
        lenient += expected ? 0 : 1;
        if (expected) CHECK(pixels == expected);
      }
    }
  }
  CHECK(long_runs > 100);
  CHECK(lenient < 10);
}
