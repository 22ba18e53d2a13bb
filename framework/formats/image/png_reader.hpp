// Decodes PNGs; shared by png.cpp, label_file.cpp, mask_png.cpp and image_file.cpp.
#pragma once

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/label_map.hpp>
#include <seplflow/size.hpp>
#include "formats/image/plain_png.hpp"

namespace seplflow {

// Whether the bytes begin like a PNG.
bool is_png(std::span<std::uint8_t const> bytes);

// Decodes one PNG: first the header, then optionally a conversion, then the pixels, once. libpng
// decodes what is not a sound PlainPng, and words all errors. Not safe to share between threads.
class PngReader {
 public:
  using RowSink = std::function<void(std::span<std::uint8_t const>)>;

  // Reads everything before the pixels; `bytes` must outlive the reader. Throws Error, with `name`
  // and `expected` ("a label map ..."), when the bytes are not a PNG, are truncated or damaged, or
  // the image is too large.
  PngReader(std::span<std::uint8_t const> bytes, std::string_view name, std::string_view expected);
  ~PngReader();
  PngReader(PngReader const&) = delete;
  PngReader& operator=(PngReader const&) = delete;

  Size size() const { return size_; }
  int colour_type() const { return colour_type_; }  // PNG_COLOR_TYPE_...
  int bit_depth() const { return bit_depth_; }
  // The colours of a palette by index: red, green, blue. Empty for other kinds.
  std::vector<std::array<std::uint8_t, 3>> palette() const;

  // One byte per pixel from gray or palette, values as stored.
  void unpack();
  // One byte per pixel from gray, scaled to 0..255.
  void scale_gray();
  // Three bytes per pixel, red green blue, from any kind; transparency is dropped, and the lower 8
  // of 16 bits.
  void convert_to_rgb();

  // Fills `pixels`, which must have exactly the size of the image. Throws Error when the file is
  // truncated or damaged anywhere up to its end.
  void read_all(std::span<std::uint8_t> pixels);

  // Calls sink with each row, top to bottom. Holds one row at a time unless the file is interlaced.
  // Throws as read_all does.
  void read_rows(RowSink const& sink);

  // The pixels, converted to one byte each, as column-major runs. Throws as read_all does.
  std::vector<Run> read_runs();

  // The same as labels.
  LabelMap read_labels();

 private:
  enum class Conversion { none, unpack, scale_gray, rgb };

  static void on_error(png_structp png, png_const_charp message);
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep to, std::size_t size);

  template <class F>
  void guarded(F const& calls);
  void open();
  void read_header();
  PlainPng const* plain() const;
  unsigned plain_scale() const;
  void start_pixels();
  void read_passes(std::span<std::uint8_t> pixels);
  std::size_t row_bytes() const;
  [[noreturn]] void fail() const;

  // Frees the memory of libpng, also when the constructor throws.
  struct Handle {
    png_structp png = nullptr;
    png_infop info = nullptr;
    ~Handle();
  };

  std::span<std::uint8_t const> bytes_;
  std::size_t position_ = 0;
  std::string name_;
  std::jmp_buf escape_;
  std::array<char, 160> message_{};
  bool truncated_ = false;
  std::optional<PlainPng> plain_;
  Handle handle_;  // unless plain_ does
  Size size_;
  int colour_type_ = 0, bit_depth_ = 0, passes_ = 1;
  Conversion conversion_ = Conversion::none;
};

// "an 8-bit RGB PNG"
std::string describe_kind(PngReader const& png);
// Throws Error, with `name` and why, unless the values of such a PNG are class ids as stored.
void require_label_kind(PngReader const& png, std::string_view name);

}  // namespace seplflow
