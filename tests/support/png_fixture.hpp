// PNG files of every kind, for the tests of their readers.
#pragma once

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include <seplflow/size.hpp>

struct PngKind {
  int colour_type = PNG_COLOR_TYPE_GRAY;
  int bit_depth = 8;
  bool interlaced = false;
  int filters = 0;  // PNG_FILTER_..., which libpng chooses from; 0: what it takes by default
  bool by_runs = false;  // whether zlib only compresses runs, and does it fast
};

// A PNG of this kind; `rows` holds the rows as the format packs them. Unless `colours` are given, a
// palette gives index i the colour (i, 2i, 255 - i).
inline std::vector<std::uint8_t> make_png(
    seplflow::Size size, PngKind kind, std::vector<std::uint8_t> rows,
    std::vector<std::array<std::uint8_t, 3>> const& colours = {}) {
  auto const on_error = [](png_structp, png_const_charp message) {
    throw std::runtime_error(message);
  };
  std::vector<std::uint8_t> file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep bytes, std::size_t count) {
        auto& to = *static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(writer));
        to.insert(to.end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(png, info, size.width, size.height, kind.bit_depth, kind.colour_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_check_for_invalid_index(png, 0);  // an error for libpng 1.6.48
  if (kind.filters != 0) png_set_filter(png, PNG_FILTER_TYPE_BASE, kind.filters);
  if (kind.by_runs) {
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, Z_RLE);
  }
  if (kind.colour_type == PNG_COLOR_TYPE_PALETTE) {
    std::array<png_color, 256> palette{};
    for (unsigned i = 0; i < palette.size(); ++i) {
      palette[i] = {static_cast<png_byte>(i), static_cast<png_byte>(2 * i),
                    static_cast<png_byte>(255 - i)};
    }
    for (std::size_t i = 0; i < colours.size(); ++i) {
      palette[i] = {colours[i][0], colours[i][1], colours[i][2]};
    }
    int const entries = colours.empty() ? 1 << kind.bit_depth : static_cast<int>(colours.size());
    png_set_PLTE(png, info, palette.data(), entries);
  }
  png_write_info(png, info);
  std::size_t const stride = png_get_rowbytes(png, info);
  if (rows.size() != stride * size.height) throw std::runtime_error("wrong size of rows");
  int const passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < size.height; ++y) png_write_row(png, rows.data() + y * stride);
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

// What libpng alone decodes as one byte per pixel; gray of fewer than 8 bits is scaled to 0..255 if
// `scales` says so. Nothing if libpng refuses the file. It is set as PngReader sets it.
inline std::optional<std::vector<std::uint8_t>> decode_by_libpng(
    std::span<std::uint8_t const> file, bool scales) {
  using Rest = std::span<std::uint8_t const>;
  Rest rest = file;
  std::vector<std::uint8_t> pixels;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr,
                                           [](png_structp, png_const_charp) {});
  png_infop info = png_create_info_struct(png);
  auto const on_read = [](png_structp reader, png_bytep to, std::size_t size) {
    auto& unread = *static_cast<Rest*>(png_get_io_ptr(reader));
    if (size > unread.size()) png_error(reader, "truncated");
    std::copy_n(unread.begin(), size, to);
    unread = unread.subspan(size);
  };
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    return std::nullopt;
  }
  png_set_read_fn(png, &rest, on_read);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_check_for_invalid_index(png, 0);
#ifdef PNG_IGNORE_ADLER32
  png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
#endif
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(png, info);
  scales ? png_set_expand_gray_1_2_4_to_8(png) : png_set_packing(png);
  int const passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  std::size_t const stride = png_get_rowbytes(png, info);
  std::size_t const height = png_get_image_height(png, info);
  pixels.resize(stride * height);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < height; ++y) png_read_row(png, pixels.data() + y * stride, nullptr);
  }
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return pixels;
}

inline std::string as_text(std::span<std::uint8_t const> bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::string label_png(seplflow::LabelMap const& labels) {
  return as_text(seplflow::encode_label_png(labels, seplflow::LabelColours::gray));
}

// Where the data of the first chunk of this type ("IDAT") begins; its length is 8 bytes before.
inline std::size_t chunk_data(std::vector<std::uint8_t> const& file, char const (&type)[5]) {
  auto const at = std::search(file.begin(), file.end(), type, type + 4);
  if (at == file.end()) throw std::runtime_error("no such chunk");
  return static_cast<std::size_t>(at - file.begin()) + 4;
}

// Puts the CRC of the chunk whose data begins here right again.
inline void repair_crc(std::vector<std::uint8_t>& file, std::size_t data) {
  std::size_t length = 0;
  for (std::size_t i = data - 8; i < data - 4; ++i) length = length << 8 | file[i];
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = data - 4; i < data + length; ++i) {
    crc ^= file[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  crc = ~crc;
  for (int i = 0; i < 4; ++i) {
    file[data + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  }
}

// Changed bytes rarely fit the CRC of a chunk, so the fuzzer would never get past it.
inline void repair_every_crc(std::vector<std::uint8_t>& file) {
  constexpr std::size_t kSignature = 8, kFrame = 12;
  for (std::size_t chunk = kSignature; chunk + kFrame <= file.size();) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | file[chunk + i];
    if (length > file.size() - chunk - kFrame) return;
    repair_crc(file, chunk + 8);
    chunk += length + kFrame;
  }
}

// A PNG whose header claims 100000 x 100000 pixels.
inline std::vector<std::uint8_t> claiming_png() {
  std::vector<std::uint8_t> file = make_png({1, 1}, {}, {0});
  std::size_t const header = chunk_data(file, "IHDR");
  for (std::size_t const at : {header, header + 4}) {
    file[at + 1] = 0x01;
    file[at + 2] = 0x86;
    file[at + 3] = 0xa0;
  }
  repair_crc(file, header);
  return file;
}
