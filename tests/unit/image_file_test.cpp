#include <seplflow/formats/image_file.hpp>

#include "support/catch.hpp"

#include <cstdlib>

#include <seplflow/error.hpp>
#include "support/jpeg_fixture.hpp"
#include "support/png_fixture.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

// A progressive JPEG of noise with `scans` scans of its DC coefficients and one of all others.
Bytes progressive_jpeg(int scans) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &memory, &length);
  jpeg.image_width = 32;
  jpeg.image_height = 32;
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  // The DC coefficients bit by bit, then each other coefficient bit by bit.
  std::vector<jpeg_scan_info> script;
  for (int coefficient = 0; coefficient < 64; ++coefficient) {
    for (int bit = 5; bit >= 0; --bit) {
      if (static_cast<int>(script.size()) == scans) break;
      script.push_back({1, {0, 0, 0, 0}, coefficient, coefficient, bit == 5 ? 0 : bit + 1, bit});
    }
  }
  jpeg.scan_info = script.data();
  jpeg.num_scans = static_cast<int>(script.size());
  jpeg_start_compress(&jpeg, TRUE);
  std::uint32_t noise = 1;
  while (jpeg.next_scanline < jpeg.image_height) {
    Bytes row(jpeg.image_width);
    for (auto& pixel : row) pixel = static_cast<std::uint8_t>((noise = noise * 1664525 + 7) >> 24);
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Bytes const file(memory, memory + length);
  std::free(memory);
  return file;
}

std::vector<int> samples(Image const& image) {
  return {image.rgb().begin(), image.rgb().end()};
}

bool all_near(Image const& image, std::vector<int> const& colour) {
  auto const rgb = samples(image);
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    if (std::abs(rgb[i] - colour[i % 3]) > 2) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a JPEG in colour or gray becomes RGB") {
  Image const red = decode_image(make_jpeg({20, 30}, JCS_RGB, {200, 30, 40}), "a.jpg");
  CHECK(red.size() == Size{20, 30});
  CHECK(all_near(red, {200, 30, 40}));
  Image const gray = decode_image(make_jpeg({7, 5}, JCS_GRAYSCALE, {90}), "a.jpg");
  CHECK(gray.size() == Size{7, 5});
  CHECK(all_near(gray, {90, 90, 90}));
}

TEST_CASE("a CMYK JPEG is read as Adobe's, with inverted samples, as Pillow reads it") {
  auto const decoded = [](Bytes const& cmyk) {
    return decode_image(make_jpeg({8, 8}, JCS_CMYK, cmyk), "a.jpg");
  };
  CHECK(all_near(decoded({255, 255, 255, 255}), {255, 255, 255}));
  CHECK(all_near(decoded({0, 255, 255, 255}), {0, 255, 255}));
  CHECK(all_near(decoded({100, 200, 255, 128}), {50, 100, 128}));
  CHECK(all_near(decoded({100, 200, 255, 0}), {0, 0, 0}));
}

TEST_CASE("a JPEG with an EXIF orientation is not rotated, as Pillow reads it") {
  Bytes const quarter_turn = {0xFF, 0xE1, 0,  34, 'E', 'x', 'i', 'f', 0, 0,
                              'I',  'I',  42, 0,  8,   0,   0,   0,   1, 0,  // one entry:
                              0x12, 0x01, 3,  0,  1,   0,   0,   0,          // Orientation
                              6,    0,    0,  0,  0,   0,   0,   0};
  Bytes file = make_jpeg({20, 30}, JCS_RGB, {200, 30, 40});
  file.insert(file.begin() + 2, quarter_turn.begin(), quarter_turn.end());
  TempFolder const folder;
  auto const path = folder.write("a.jpg", as_text(file));
  CHECK(read_image_size(path) == Size{20, 30});
  CHECK(read_image(path).size() == Size{20, 30});
  CHECK(all_near(read_image(path), {200, 30, 40}));
}

TEST_CASE("a damaged JPEG that libjpeg decodes is read, and its remarks are passed on once each") {
  Bytes file = make_jpeg({64, 64}, JCS_RGB, {200, 30, 40});
  std::vector<std::string> remarks = {"of another file"};
  decode_image(file, "a.jpg", &remarks);
  CHECK(remarks.empty());
  // Bytes before the marker at the end of the file.
  Bytes const extra = {1, 2, 3, 4, 5};
  file.insert(file.end() - 2, extra.begin(), extra.end());
  CHECK(decode_image(file, "a.jpg", &remarks).size() == Size{64, 64});
  REQUIRE(remarks.size() == 1);
  CHECK_THAT(remarks[0], Contains("extraneous bytes before marker"));
  TempFolder const folder;
  remarks.clear();
  read_image(folder.write("a.jpg", as_text(file)), &remarks);
  CHECK(remarks.size() == 1);
}

TEST_CASE("a progressive JPEG is read up to a number of scans that bounds the work") {
  CHECK(decode_image(progressive_jpeg(60), "a.jpg").size() == Size{32, 32});
  CHECK_THROWS_WITH(decode_image(progressive_jpeg(120), "a.jpg"),
                    Contains("a.jpg is a JPEG of more than 100 scans"));
}

TEST_CASE("a JPEG with arithmetic coding is refused") {
  CHECK_THROWS_WITH(decode_image(make_jpeg({8, 8}, JCS_GRAYSCALE, {1}, 0, true), "a.jpg"),
                    Contains("a.jpg is a JPEG with arithmetic coding"));
}

TEST_CASE("a PNG of any kind becomes RGB") {
  auto const decode = [](PngKind kind, Bytes rows) {
    return samples(decode_image(make_png({1, 2}, kind, std::move(rows)), "a.png"));
  };
  bool const interlaced = GENERATE(false, true);
  CHECK(decode({PNG_COLOR_TYPE_GRAY, 8, interlaced}, {3, 200}) ==
        std::vector{3, 3, 3, 200, 200, 200});
  CHECK(decode({PNG_COLOR_TYPE_GRAY, 1, interlaced}, {0b01000000}) ==
        std::vector{0, 0, 0, 255, 255, 255});
  CHECK(decode({PNG_COLOR_TYPE_GRAY, 16, interlaced}, {0, 200, 1, 0}) ==
        std::vector{200, 200, 200, 255, 255, 255});
  CHECK(decode({PNG_COLOR_TYPE_RGB, 16, interlaced}, {1, 255, 2, 0, 3, 9, 4, 0, 5, 0, 255, 1}) ==
        std::vector{1, 2, 3, 4, 5, 255});
  CHECK(decode({PNG_COLOR_TYPE_GRAY_ALPHA, 8, interlaced}, {9, 0, 8, 255}) ==
        std::vector{9, 9, 9, 8, 8, 8});
  CHECK(decode({PNG_COLOR_TYPE_RGB, 8, interlaced}, {1, 2, 3, 4, 5, 6}) ==
        std::vector{1, 2, 3, 4, 5, 6});
  CHECK(decode({PNG_COLOR_TYPE_RGB_ALPHA, 8, interlaced}, {1, 2, 3, 0, 4, 5, 6, 128}) ==
        std::vector{1, 2, 3, 4, 5, 6});
  CHECK(decode({PNG_COLOR_TYPE_PALETTE, 8, interlaced}, {0, 10}) ==
        std::vector{0, 0, 255, 10, 20, 245});
}

TEST_CASE("formats are recognised by content, not by name") {
  TempFolder const folder;
  auto const path = folder.write("picture.png", as_text(make_jpeg({4, 6}, JCS_RGB, {10, 20, 30})));
  CHECK(read_image(path).size() == Size{4, 6});
  CHECK(read_image_size(path) == Size{4, 6});
}

TEST_CASE("the size of an image is read from its first bytes only") {
  TempFolder const folder;
  Bytes const png = make_png({3, 9}, {}, Bytes(27));
  CHECK(read_image_size(folder.write("a.png", as_text(std::span(png).first(30)))) == Size{3, 9});
  Bytes const jpeg = make_jpeg({200, 300}, JCS_GRAYSCALE, {90});
  CHECK(read_image_size(folder.write("a.jpg", as_text(std::span(jpeg).first(jpeg.size() - 40)))) ==
        Size{200, 300});
}

TEST_CASE("the size of a JPEG is found after any amount of metadata") {
  TempFolder const folder;
  auto const file = make_jpeg({12, 34}, JCS_RGB, {1, 2, 3}, 600000);
  CHECK(read_image_size(folder.write("a.jpg", as_text(file))) == Size{12, 34});
}

TEST_CASE("an image that is truncated within its header has no size") {
  TempFolder const folder;
  Bytes const jpeg = make_jpeg({20, 30}, JCS_RGB, {1, 2, 3});
  CHECK_THROWS_WITH(read_image_size(folder.write("a.jpg", as_text(std::span(jpeg).first(40)))),
                    Contains("a.jpg is truncated: its 40 bytes"));
  Bytes const png = make_png({3, 9}, {}, Bytes(27));
  CHECK_THROWS_WITH(read_image_size(folder.write("a.png", as_text(std::span(png).first(20)))),
                    Contains("a.png is truncated: its 20 bytes"));
}

TEST_CASE("a JPEG that is truncated anywhere is reported as truncated") {
  Bytes const file = make_jpeg({40, 40}, JCS_RGB, {200, 30, 40});
  for (std::size_t size = 3; size < file.size(); ++size) {
    CHECK_THROWS_WITH(decode_image(std::span(file).first(size), "a.jpg"),
                      Contains("a.jpg is truncated"));
  }
}

TEST_CASE("no memory is allocated for pixels that a JPEG cannot hold") {
  Bytes file = make_jpeg({40, 40}, JCS_GRAYSCALE, {90});
  for (std::size_t i = 0; i + 8 < file.size(); ++i) {
    if (file[i] != 0xff || file[i + 1] != 0xc0) continue;
    file[i + 5] = file[i + 7] = 0x3a;  // 14888 x 14888, near the largest
  }
  CHECK_THROWS_WITH(decode_image(file, "a.jpg"), Contains("a.jpg is truncated"));
}

TEST_CASE("a JPEG without an image is damaged") {
  CHECK_THROWS_WITH(decode_image(Bytes{0xff, 0xd8, 0xff, 0xd9}, "a.jpg"),
                    Contains("a.jpg is damaged"));
}

TEST_CASE("a file that is not an image is refused") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read_image(folder.write("a.jpg", "")),
                    Contains("a.jpg is empty (0 bytes); expected a JPEG or PNG"));
  CHECK_THROWS_WITH(read_image_size(folder.write("b.jpg", "GIF89a")),
                    Contains("b.jpg is a GIF image, not a JPEG or PNG image; convert"));
  CHECK_THROWS_WITH(read_image(folder.path() / "no.jpg"), Contains("No such file or directory"));
}
