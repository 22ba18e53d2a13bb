// Reads images in JPEG and PNG files.
#pragma once

#include <seplflow/image.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// Reads a JPEG (gray, colour or CMYK) or a PNG (of any kind), recognised by its content, not by its
// name. The result equals Pillow's open().convert("RGB"): no colour profile is applied,
// transparency is dropped, and an EXIF orientation is ignored; of 16 bits the higher 8 are taken,
// but in gray without transparency everything above 255 is white. Throws Error for other files, and
// for truncated or damaged ones. A damaged JPEG that libjpeg decodes all the same is read, since
// published data sets have such images; `remarks` then receives what libjpeg says of it ("Corrupt
// JPEG data: bad Huffman code"), each kind once.
Image read_image(std::filesystem::path const& path, std::vector<std::string>* remarks = nullptr);

// The same from memory; `name` stands for the file in messages.
Image decode_image(std::span<std::uint8_t const> bytes, std::string_view name,
                   std::vector<std::string>* remarks = nullptr);

// What to do about an EXIF orientation: read the pixels as they are stored, or turn the image as
// viewers show it.
enum class Exif { ignore, apply };

// An image and its EXIF orientation: 1 to 8, 1 if it is upright or states none. Exif::apply turns it
// as Pillow's ImageOps.exif_transpose() does. `remarks` are those of read_image().
struct OrientedImage {
  Image image;
  int orientation = 1;
  std::vector<std::string> remarks = {};
};
OrientedImage read_oriented_image(std::filesystem::path const& path, Exif exif);

// Only the size, from the first bytes of the file: pixels are neither read nor checked. Throws
// Error as above, as far as the header shows.
Size read_image_size(std::filesystem::path const& path);

// The same with the orientation, which counts for the size if it is applied.
struct ImageHeader {
  Size size;
  int orientation = 1;
};
ImageHeader read_image_header(std::filesystem::path const& path, Exif exif);

}  // namespace seplflow
