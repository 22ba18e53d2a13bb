#include "formats/image/image_file.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "formats/image/jpeg_reader.hpp"
#include "formats/image/png_reader.hpp"
#include "formats/input_file.hpp"

namespace seplflow {
namespace {

// Throws unless this is a JPEG or a PNG.
void require_image(std::span<std::uint8_t const> bytes, std::string const& name) {
  if (bytes.empty()) throw Error(name + " is empty (0 bytes); expected a JPEG or PNG image");
  if (!is_jpeg(bytes) && !is_png(bytes)) {
    throw Error(name + " is neither a JPEG nor a PNG; convert the image to one of them");
  }
}

// The size in the first chunk of a PNG; nothing when the chunk is incomplete.
std::optional<Size> png_size(std::span<std::uint8_t const> head, std::string const& name) {
  constexpr std::size_t kType = 12, kWidth = 16, kHeight = 20, kEnd = 24;
  constexpr std::string_view kHeader = "IHDR";
  if (head.size() < kEnd) return std::nullopt;
  if (!std::equal(kHeader.begin(), kHeader.end(), head.begin() + kType)) {
    throw Error(name + " is damaged: it is a PNG without a header; copy or download it again");
  }
  auto const number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::uint8_t const byte : head.subspan(at, 4)) value = value << 8 | byte;
    return value;
  };
  return checked_size(number(kHeight), number(kWidth), name);
}

// Converts gray of 16 bits as Pillow does: everything above 255 is white.
Image clipped_gray(PngReader& png) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * png.size().pixels());
  png.read_rows([&](std::span<std::uint8_t const> row) {
    for (std::size_t i = 0; i < row.size(); i += 2) {
      rgb.insert(rgb.end(), 3, row[i] == 0 ? row[i + 1] : 255);
    }
  });
  return Image(png.size(), std::move(rgb));
}

}  // namespace

Image decode_image(std::span<std::uint8_t const> bytes, std::string_view name) {
  require_image(bytes, std::string(name));
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name);
  PngReader png(bytes, name, "an image");
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY && png.bit_depth() == 16) return clipped_gray(png);
  png.convert_to_rgb();
  std::vector<std::uint8_t> rgb(3 * png.size().pixels());
  png.read_all(rgb);
  return Image(png.size(), std::move(rgb));
}

Image read_image(std::filesystem::path const& path) {
  return decode_image(read_file(path), path.string());
}

Size read_image_size(std::filesystem::path const& path) {
  // Previews and colour profiles can put hundreds of kilobytes before a JPEG's size.
  constexpr std::size_t kFirstRead = 64 * 1024;
  InputFile file(path);
  std::string const name = path.string();
  std::vector<std::uint8_t> head;
  while (true) {
    std::size_t const have = head.size();
    head.resize(std::min(std::max(kFirstRead, 4 * have), file.size()));
    head.resize(have + file.read(std::span(head).subspan(have)));
    require_image(head, name);
    auto const size = is_jpeg(head) ? jpeg_size(head, name) : png_size(head, name);
    if (size) return *size;
    if (head.size() == have || head.size() == file.size()) {
      throw Error(name + " is truncated: its " + std::to_string(head.size()) +
                  " bytes end before the size of the image; copy or download it again");
    }
  }
}

}  // namespace seplflow
