#include "formats/image/plain_png.hpp"

#include <libdeflate.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>

#include "formats/image/row_filter.hpp"
#include "formats/image/run_inflate.hpp"
#include "formats/image/run_rows.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kSignatureSize = 8;
// libpng holds one row of a mask, and this reader all of them; it also bounds lengths of chunks.
constexpr std::size_t kMostPlainPixels = std::size_t{1} << 25;
constexpr std::size_t kLongestData = 8'000'000, kLongestOther = 1 << 20;

constexpr std::uint32_t chunk_type(char const (&name)[5]) {
  std::uint32_t type = 0;
  for (std::size_t i = 0; i < 4; ++i) type = type << 8 | static_cast<std::uint8_t>(name[i]);
  return type;
}

constexpr std::uint32_t kIhdr = chunk_type("IHDR"), kPlte = chunk_type("PLTE"),
                        kTrns = chunk_type("tRNS"), kIdat = chunk_type("IDAT"),
                        kIend = chunk_type("IEND");

std::uint32_t big_endian(std::span<std::uint8_t const> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::uint8_t const byte : bytes.subspan(at, 4)) value = value << 8 | byte;
  return value;
}

bool is_ancillary(std::uint32_t type) {
  bool letters = true;
  for (int shift = 0; shift < 32; shift += 8) {
    std::uint32_t const lower = (type >> shift & 0xff) | 0x20;
    letters = letters && lower >= 'a' && lower <= 'z';
  }
  return letters && (type & 0x20000000) != 0;
}

// Whether the data are larger than the window that the stream declares, if that is not the largest.
// zlib refuses to copy from before the window; libdeflate does not know it.
bool exceeds_window(std::span<std::uint8_t const> stream, std::size_t data) {
  unsigned const window = stream.empty() ? 0 : stream[0] >> 4;
  return window < 7 && data > std::size_t{256} << window;
}

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};

// Inflates the zlib stream, which must fill `data` exactly and have the checksum of it. libdeflate
// knows a few streams that zlib refuses, with codes that stand for nothing; no program writes them.
bool inflates_to(std::span<std::uint8_t const> stream, std::span<std::uint8_t> data) {
  thread_local std::unique_ptr<libdeflate_decompressor, FreeDecompressor> const decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor || exceeds_window(stream, data.size())) return false;
  std::size_t read = 0;
  auto const result = libdeflate_zlib_decompress_ex(
      decompressor.get(), stream.data(), stream.size(), data.data(), data.size(), &read, nullptr);
  return result == LIBDEFLATE_SUCCESS && read == stream.size();
}

}  // namespace

std::optional<PlainPng> PlainPng::parse(Bytes bytes) {
  constexpr std::size_t kType = 4, kData = 8, kCrc = 4;
  PlainPng png;
  Bytes rest = bytes.subspan(kSignatureSize);
  for (bool is_first = true;; is_first = false) {
    if (rest.size() < kData + kCrc) return std::nullopt;
    std::size_t const length = big_endian(rest, 0);
    if (length > rest.size() - kData - kCrc) return std::nullopt;
    std::uint32_t const type = big_endian(rest, kType);
    Bytes const data = rest.subspan(kData, length);
    auto const covered = static_cast<uInt>(kData - kType + length);
    if (crc32(0, rest.data() + kType, covered) != big_endian(rest, kData + length)) {
      return std::nullopt;
    }
    if (is_first != (type == kIhdr) || (is_first && !png.read_header(data))) return std::nullopt;
    Taken const taken = is_first ? Taken::yes : png.take(type, data);
    if (taken == Taken::no) return std::nullopt;
    if (taken == Taken::as_last) break;
    rest = rest.subspan(kData + length + kCrc);
  }
  bool const may_hold = png.size_.height * png.row_bytes() <= kMaxExpansion * bytes.size();
  return may_hold ? std::optional(std::move(png)) : std::nullopt;
}

bool PlainPng::read_header(Bytes data) {
  if (data.size() != 13) return false;
  std::uint64_t const width = big_endian(data, 0), height = big_endian(data, 4);
  if (width == 0 || height == 0 || width > kMostPlainPixels || height > kMostPlainPixels ||
      width * height > kMostPlainPixels) {
    return false;
  }
  size_ = {static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)};
  bit_depth_ = data[8];
  colour_type_ = data[9];
  bool const is_depth = bit_depth_ == 1 || bit_depth_ == 2 || bit_depth_ == 4 || bit_depth_ == 8;
  bool const is_kind =
      colour_type_ == PNG_COLOR_TYPE_GRAY || colour_type_ == PNG_COLOR_TYPE_PALETTE;
  return is_depth && is_kind && data[10] == PNG_COMPRESSION_TYPE_BASE &&
         data[11] == PNG_FILTER_TYPE_BASE && data[12] == PNG_INTERLACE_NONE;
}

// Refuses what libpng judges: transparency, unknown critical chunks, and chunks in unusual places
// or of unusual lengths.
PlainPng::Taken PlainPng::take(std::uint32_t type, Bytes data) {
  if (type == kIdat) {
    bool const is_expected = colour_type_ != PNG_COLOR_TYPE_PALETTE || !palette_.empty();
    if (!is_expected || between_ || data.empty() || data.size() > kLongestData) return Taken::no;
    deflated_.push_back(data);
    return Taken::yes;
  }
  between_ = !deflated_.empty();
  if (type == kIend) return between_ && data.empty() ? Taken::as_last : Taken::no;
  if (type == kPlte) {
    bool const is_expected =
        colour_type_ == PNG_COLOR_TYPE_PALETTE && palette_.empty() && deflated_.empty();
    bool const is_sound =
        !data.empty() && data.size() % 3 == 0 && data.size() / 3 <= std::size_t{1} << bit_depth_;
    palette_ = data;
    return is_expected && is_sound ? Taken::yes : Taken::no;
  }
  bool const is_ignored = is_ancillary(type) && type != kTrns && data.size() <= kLongestOther;
  return is_ignored ? Taken::yes : Taken::no;
}

std::vector<std::array<std::uint8_t, 3>> PlainPng::palette() const {
  std::vector<std::array<std::uint8_t, 3>> colours;
  colours.reserve(palette_.size() / 3);
  for (std::size_t i = 0; i < palette_.size(); i += 3) {
    colours.push_back({palette_[i], palette_[i + 1], palette_[i + 2]});
  }
  return colours;
}

std::size_t PlainPng::row_bytes() const {
  return (std::size_t{size_.width} * static_cast<unsigned>(bit_depth_) + 7) / 8;
}

// Of the rows as stored, each behind the byte of its filter.
std::size_t PlainPng::data_bytes() const {
  return size_.height * (1 + row_bytes());
}

// In `joined`, if the file has it in several pieces.
PlainPng::Bytes PlainPng::stream(std::vector<std::uint8_t>& joined) const {
  if (deflated_.size() == 1) return deflated_.front();
  for (Bytes const piece : deflated_) joined.insert(joined.end(), piece.begin(), piece.end());
  return joined;
}

// Null if the pixels are faulty.
std::unique_ptr<std::uint8_t[]> PlainPng::inflate() const {
  std::vector<std::uint8_t> joined;
  std::size_t const size = data_bytes();
  // Not a vector, which would first fill it with zeros.
  auto data = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  return inflates_to(stream(joined), {data.get(), size}) ? std::move(data) : nullptr;
}

// Of 8-bit pixels. Nothing if the runs are short, or if the pixels are faulty.
std::optional<std::vector<Run>> PlainPng::read_long_runs() const {
  thread_local std::vector<Run> stored;  // keeps its memory
  std::vector<std::uint8_t> joined;
  if (!inflate_runs(stream(joined), data_bytes(), stored)) return std::nullopt;
  RunRows rows(size_);
  RunCursor cursor(stored);
  for (std::uint32_t y = 0; y < size_.height; ++y) {
    if (!rows.add(cursor)) return std::nullopt;
  }
  return rows.finish();
}

// Decodes each row into `row`, the bytes of the row above, and calls add_row(filter), where
// filter(change) calls change(x) for each byte that differs and returns false if the row is faulty.
template <class AddRow>
bool PlainPng::decode_rows(std::span<std::uint8_t> row, AddRow const& add_row) const {
  auto const inflated = inflate();
  if (!inflated) return false;
  std::size_t const bytes = row_bytes();
  for (std::uint32_t y = 0; y < size_.height; ++y) {
    std::uint8_t const* const stored = inflated.get() + y * (1 + bytes);
    auto const filter = [&](auto const& change) {
      return RowFilter({stored + 1, bytes}, row, change).apply(stored[0]);
    };
    if (!add_row(filter)) return false;
  }
  return true;
}

void PlainPng::unpack(Bytes packed, std::span<std::uint8_t> pixels, unsigned scale) const {
  auto const bits = static_cast<unsigned>(bit_depth_);
  unsigned const mask = (1U << bits) - 1;
  for (std::size_t x = 0; x < pixels.size(); ++x) {
    unsigned const byte = packed[x * bits / 8];
    unsigned const above = 8 - bits - static_cast<unsigned>(x * bits % 8);
    pixels[x] = static_cast<std::uint8_t>((byte >> above & mask) * scale);
  }
}

std::optional<std::vector<Run>> PlainPng::read_runs(unsigned scale) const {
  ColumnRunScanner scanner(size_);
  bool is_sound = false;
  if (bit_depth_ == 8) {
    if (auto runs = read_long_runs()) return runs;
    is_sound = decode_rows(scanner.last_row(), [&](auto const& filter) {
      bool const is_known = filter([&](std::size_t x) { scanner.changed(x); });
      scanner.end_row();
      return is_known;
    });
  } else {
    std::vector<std::uint8_t> packed(row_bytes()), pixels(size_.width);
    is_sound = decode_rows(packed, [&](auto const& filter) {
      bool differs = false;
      if (!filter([&](std::size_t) { differs = true; })) return false;
      if (differs) unpack(packed, pixels, scale);
      scanner.add_row(pixels);
      return true;
    });
  }
  return is_sound ? std::optional(scanner.finish()) : std::nullopt;
}

bool PlainPng::read_all(unsigned scale, std::span<std::uint8_t> pixels) const {
  std::vector<std::uint8_t> row(row_bytes());
  return decode_rows(row, [&](auto const& filter) {
    if (!filter([](std::size_t) {})) return false;
    std::span<std::uint8_t> const to = pixels.first(size_.width);
    bit_depth_ == 8 ? static_cast<void>(std::ranges::copy(row, to.begin()))
                    : unpack(row, to, scale);
    pixels = pixels.subspan(size_.width);
    return true;
  });
}

}  // namespace seplflow
