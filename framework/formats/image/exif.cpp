#include "formats/image/exif.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace seplflow {
namespace {

using Bytes = std::span<std::uint8_t const>;

constexpr int kUpright = 1;

std::uint32_t big_endian(Bytes bytes) {
  std::uint32_t value = 0;
  for (std::uint8_t const byte : bytes) value = value << 8 | byte;
  return value;
}

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// A TIFF header and its first directory: entries of 12 bytes (tag, type, count, value).
class Tiff {
 public:
  explicit Tiff(Bytes bytes) : bytes_(bytes), little_(begins_with(bytes, "II")) {}

  int orientation() const {
    constexpr std::uint32_t kHeader = 8, kEntry = 12, kOrientation = 0x0112;
    if (bytes_.size() < kHeader || (!little_ && !begins_with(bytes_, "MM"))) return kUpright;
    std::size_t at = number(4, 4);
    if (at > bytes_.size() || bytes_.size() - at < 2) return kUpright;
    std::uint32_t const entries = number(at, 2);
    at += 2;
    for (std::uint32_t i = 0; i < entries && bytes_.size() - at >= kEntry; ++i, at += kEntry) {
      if (number(at, 2) != kOrientation) continue;
      std::uint32_t const value = number(at + 8, 2);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : kUpright;
    }
    return kUpright;
  }

 private:
  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (!little_) return big_endian(bytes_.subspan(at, size));
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes_[at + i];
    return value;
  }

  Bytes bytes_;
  bool little_;
};

// A JPEG is a list of segments: 0xff, a marker, and for most of them a length that includes itself.
int orientation_of_jpeg(Bytes bytes) {
  constexpr std::uint8_t kStartOfScan = 0xda, kApp1 = 0xe1;
  constexpr std::string_view kExif("Exif\0\0", 6);
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xff) {
    std::uint8_t const marker = bytes[at + 1];
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    if (marker == kStartOfScan) break;
    std::size_t const length = big_endian(bytes.subspan(at + 2, 2));
    if (length < 2) break;
    Bytes const segment = bytes.subspan(at + 4, std::min(length - 2, bytes.size() - at - 4));
    if (marker == kApp1 && begins_with(segment, kExif)) {
      return Tiff(segment.subspan(kExif.size())).orientation();
    }
    at += 2 + length;
  }
  return kUpright;
}

// A PNG is a list of chunks: length, type, data, CRC.
int orientation_of_png(Bytes bytes) {
  constexpr std::size_t kSignature = 8, kFrame = 12;
  std::size_t at = kSignature;
  while (bytes.size() - at >= kFrame) {
    std::size_t const length = big_endian(bytes.subspan(at, 4));
    Bytes const type = bytes.subspan(at + 4, 4);
    if (begins_with(type, "IDAT")) break;
    std::size_t const there = bytes.size() - at - kFrame + 4;
    if (begins_with(type, "eXIf")) {
      return Tiff(bytes.subspan(at + 8, std::min(length, there))).orientation();
    }
    if (length > bytes.size() - at - kFrame) break;
    at += kFrame + length;
  }
  return kUpright;
}

struct Place {
  std::uint32_t y, x;
};

// Where the pixel (y, x) of the upright image is in an image of `size` as it is stored.
Place stored_place(std::uint32_t y, std::uint32_t x, Size size, int orientation) {
  std::uint32_t const bottom = size.height - 1, right = size.width - 1;
  switch (orientation) {
    case 2:
      return {y, right - x};
    case 3:
      return {bottom - y, right - x};
    case 4:
      return {bottom - y, x};
    case 5:
      return {x, y};
    case 6:
      return {bottom - x, y};
    case 7:
      return {bottom - x, right - y};
    case 8:
      return {x, right - y};
    default:
      return {y, x};
  }
}

}  // namespace

int exif_orientation(Bytes head) {
  if (begins_with(head, "\xff\xd8")) return orientation_of_jpeg(head);
  if (begins_with(head, "\x89PNG\r\n\x1a\n")) return orientation_of_png(head);
  return kUpright;
}

Image upright(Image const& image, int orientation) {
  Size const stored = image.size();
  Size const size = exchanges_sides(orientation) ? Size{stored.width, stored.height} : stored;
  std::vector<std::uint8_t> rgb;
  rgb.reserve(image.rgb().size());
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint32_t x = 0; x < size.width; ++x) {
      Place const from = stored_place(y, x, stored, orientation);
      auto const pixel = image.rgb().subspan(3 * (std::size_t{from.y} * stored.width + from.x), 3);
      rgb.insert(rgb.end(), pixel.begin(), pixel.end());
    }
  }
  return Image(size, std::move(rgb));
}

}  // namespace seplflow
