// Writes JPEGs.
#pragma once

// clang-format off: jpeglib.h needs what stands before it
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <cstdint>
#include <cstdlib>
#include <vector>

#include <seplflow/size.hpp>

// A JPEG of one colour, in the colour space, with `comment_bytes` of comments before its size.
inline std::vector<std::uint8_t> make_jpeg(seplflow::Size size, J_COLOR_SPACE space,
                                           std::vector<std::uint8_t> const& colour,
                                           std::size_t comment_bytes = 0, bool arithmetic = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &memory, &length);
  jpeg.image_width = size.width;
  jpeg.image_height = size.height;
  jpeg.input_components = static_cast<int>(colour.size());
  jpeg.in_color_space = space;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg.arith_code = arithmetic ? TRUE : FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<std::uint8_t> const comment(60000);
  for (; comment_bytes > 0; comment_bytes -= comment.size()) {
    jpeg_write_marker(&jpeg, JPEG_COM, comment.data(), static_cast<unsigned>(comment.size()));
  }
  std::vector<std::uint8_t> row;
  for (std::uint32_t x = 0; x < size.width; ++x)
    row.insert(row.end(), colour.begin(), colour.end());
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::vector<std::uint8_t> const file(memory, memory + length);
  std::free(memory);
  return file;
}
