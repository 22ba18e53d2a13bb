#include "formats/image/exif.hpp"

#include <seplflow/formats/image_file.hpp>
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

// A directory with one entry, the orientation.
std::string tiff(int orientation, bool little = true) {
  std::string const value(1, static_cast<char>(orientation)), zero(1, '\0');
  if (little) {
    return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + value +
           std::string(7, '\0');
  }
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + value +
         std::string(6, '\0');
}

std::string jpeg_head(std::string const& directory) {
  std::string const exif = std::string("Exif\0\0", 6) + directory;
  return "\xff\xd8\xff\xe0" + std::string("\0\x04", 2) + "ab" + "\xff\xe1" + '\0' +
         static_cast<char>(exif.size() + 2) + exif + "\xff\xda";
}

int orientation_in(std::string const& head) {
  Bytes const bytes(head.begin(), head.end());
  return exif_orientation(bytes);
}

Bytes with_exif(Bytes png, std::string const& directory) {
  std::string chunk = std::string(3, '\0') + static_cast<char>(directory.size()) + "eXIf" +
                      directory + "crc!";
  constexpr std::ptrdiff_t kEndOfHeader = 33;
  png.insert(png.begin() + kEndOfHeader, chunk.begin(), chunk.end());
  repair_crc(png, chunk_data(png, "eXIf"));
  return png;
}

// 2 x 3 pixels with the red values 1 to 6.
Image const kImage({2, 3}, {1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0});

Bytes red_of(Image const& image) {
  Bytes red;
  for (std::size_t i = 0; i < image.rgb().size(); i += 3) red.push_back(image.rgb()[i]);
  return red;
}

}  // namespace

TEST_CASE("the orientation of a JPEG is read in either byte order") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CHECK(orientation_in(jpeg_head(tiff(orientation))) == orientation);
    CHECK(orientation_in(jpeg_head(tiff(orientation, false))) == orientation);
  }
  CHECK(orientation_in(jpeg_head(tiff(9))) == 1);
  CHECK(orientation_in("\xff\xd8\xff\xda") == 1);
  CHECK(orientation_in("GIF89a") == 1);
}

TEST_CASE("a record that ends early states no orientation") {
  std::string const whole = jpeg_head(tiff(6));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    int const orientation = orientation_in(whole.substr(0, size));
    CHECK((orientation == 1 || orientation == 6));
  }
}

TEST_CASE("images are turned as Pillow turns them") {
  std::vector<std::pair<Size, Bytes>> const expected = {
      {{2, 3}, {1, 2, 3, 4, 5, 6}}, {{2, 3}, {3, 2, 1, 6, 5, 4}}, {{2, 3}, {6, 5, 4, 3, 2, 1}},
      {{2, 3}, {4, 5, 6, 1, 2, 3}}, {{3, 2}, {1, 4, 2, 5, 3, 6}}, {{3, 2}, {4, 1, 5, 2, 6, 3}},
      {{3, 2}, {6, 3, 5, 2, 4, 1}}, {{3, 2}, {3, 6, 2, 5, 1, 4}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image const turned = upright(kImage, orientation);
    CHECK(turned.size() == expected[static_cast<std::size_t>(orientation - 1)].first);
    CHECK(red_of(turned) == expected[static_cast<std::size_t>(orientation - 1)].second);
  }
}

TEST_CASE("the orientation counts for image and size only if it is applied") {
  TempFolder const folder;
  Bytes const pixels(kImage.rgb().begin(), kImage.rgb().end());
  auto const file = folder.write(
      "a.png", as_text(with_exif(make_png({2, 3}, {PNG_COLOR_TYPE_RGB, 8}, pixels), tiff(6))));
  CHECK(read_image_size(file) == Size{2, 3});
  CHECK(read_image_header(file, Exif::ignore).orientation == 6);
  CHECK(read_image_header(file, Exif::ignore).size == Size{2, 3});
  CHECK(read_image_header(file, Exif::apply).size == Size{3, 2});
  CHECK(red_of(read_oriented_image(file, Exif::ignore).image) == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(red_of(read_oriented_image(file, Exif::apply).image) == Bytes{4, 1, 5, 2, 6, 3});
  CHECK(read_oriented_image(file, Exif::apply).orientation == 6);
}
