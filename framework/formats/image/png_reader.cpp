#include "formats/image/png_reader.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>

namespace seplflow {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

}  // namespace

bool is_png(std::span<std::uint8_t const> bytes) {
  return bytes.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), bytes.begin());
}

PngReader::Handle::~Handle() {
  if (png != nullptr) png_destroy_read_struct(&png, &info, nullptr);
}

PngReader::~PngReader() = default;

PngReader::PngReader(std::span<std::uint8_t const> bytes, std::string_view name,
                     std::string_view expected)
    : bytes_(bytes), name_(name) {
  if (!is_png(bytes_)) {
    throw Error(name_ + " " + what_it_is(bytes_, expected, "write it as a PNG"));
  }
  plain_ = PlainPng::parse(bytes_);
  if (!plain_) {
    open();
    return;
  }
  size_ = plain_->size();
  colour_type_ = plain_->colour_type();
  bit_depth_ = plain_->bit_depth();
}

void PngReader::open() {
  handle_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
  if (handle_.png != nullptr) handle_.info = png_create_info_struct(handle_.png);
  if (handle_.info == nullptr)
    throw Error("cannot decode " + name_ + ": libpng cannot be initialised");
  guarded([this] { read_header(); });

  size_ = checked_size(png_get_image_height(handle_.png, handle_.info),
                       png_get_image_width(handle_.png, handle_.info), name_);
  colour_type_ = png_get_color_type(handle_.png, handle_.info);
  bit_depth_ = png_get_bit_depth(handle_.png, handle_.info);
  // A header can claim any size. No memory is allocated for pixels that these bytes cannot hold.
  std::uint64_t const claimed = std::uint64_t{size_.height} * row_bytes();
  truncated_ = claimed > kMaxExpansion * bytes_.size();
  if (truncated_) fail();
}

// libpng leaves a failed call by longjmp, which must not skip a destructor. So everything that
// calls libpng is a lambda without objects, called here, where no object is alive either.
template <class F>
void PngReader::guarded(F const& calls) {
  if (setjmp(escape_) == 0) {
    calls();
  } else {
    fail();
  }
}

void PngReader::fail() const {
  if (truncated_) {
    throw Error(name_ + " is truncated: its " + std::to_string(bytes_.size()) +
                " bytes end before the image does; copy, download or write the file again");
  }
  throw Error(name_ + " is damaged (" + message_.data() +
              "); copy, download or write the file again");
}

void PngReader::on_error(png_structp png, png_const_charp message) {
  auto* const self = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(self->message_.data(), message, self->message_.size() - 1);
  std::longjmp(self->escape_, 1);
}

void PngReader::on_read(png_structp png, png_bytep to, std::size_t size) {
  auto* const self = static_cast<PngReader*>(png_get_io_ptr(png));
  self->truncated_ = size > self->bytes_.size() - self->position_;
  if (self->truncated_) png_error(png, "truncated");
  std::memcpy(to, self->bytes_.data() + self->position_, size);
  self->position_ += size;
}

void PngReader::read_header() {
  png_set_read_fn(handle_.png, this, on_read);
  // Comments, colour profiles and the like are not needed, and some inflate to many bytes.
  png_set_keep_unknown_chunks(handle_.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_check_for_invalid_index(handle_.png, 0);
#ifdef PNG_IGNORE_ADLER32  // libpng may be built without it
  // A CRC covers every byte already; the checksum of zlib would cost an eighth of the time.
  png_set_option(handle_.png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
#endif
  // checked_size() enforces the limit, with a better message.
  png_set_user_limits(handle_.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(handle_.png, handle_.info);
}

std::vector<std::array<std::uint8_t, 3>> PngReader::palette() const {
  if (plain_) return plain_->palette();
  png_colorp colours = nullptr;
  int count = 0;
  if (png_get_PLTE(handle_.png, handle_.info, &colours, &count) == 0) return {};
  std::vector<std::array<std::uint8_t, 3>> palette;
  palette.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    palette.push_back({colours[i].red, colours[i].green, colours[i].blue});
  }
  return palette;
}

void PngReader::unpack() {
  conversion_ = Conversion::unpack;
}

void PngReader::scale_gray() {
  conversion_ = Conversion::scale_gray;
}

void PngReader::convert_to_rgb() {
  conversion_ = Conversion::rgb;
}

std::size_t PngReader::row_bytes() const {
  return png_get_rowbytes(handle_.png, handle_.info);
}

// Null if libpng must decode the pixels: this gives one byte per pixel.
PlainPng const* PngReader::plain() const {
  bool const is_byte = conversion_ == Conversion::none
                           ? bit_depth_ == 8
                           : conversion_ != Conversion::rgb;
  return plain_ && is_byte ? &*plain_ : nullptr;
}

unsigned PngReader::plain_scale() const {
  return conversion_ == Conversion::scale_gray ? 255U / ((1U << bit_depth_) - 1) : 1;
}

void PngReader::start_pixels() {
  if (handle_.png == nullptr) open();
  guarded([this] {
    if (conversion_ == Conversion::unpack) png_set_packing(handle_.png);
    if (conversion_ == Conversion::scale_gray) png_set_expand_gray_1_2_4_to_8(handle_.png);
    if (conversion_ == Conversion::rgb) {
      png_set_expand(handle_.png);
      png_set_strip_16(handle_.png);
      png_set_gray_to_rgb(handle_.png);
      png_set_strip_alpha(handle_.png);
    }
    passes_ = png_set_interlace_handling(handle_.png);
    png_read_update_info(handle_.png, handle_.info);
  });
}

void PngReader::read_all(std::span<std::uint8_t> pixels) {
  if (PlainPng const* const png = plain(); png && pixels.size() == size_.pixels()) {
    if (png->read_all(plain_scale(), pixels)) return;
  }
  start_pixels();
  read_passes(pixels);
}

void PngReader::read_passes(std::span<std::uint8_t> pixels) {
  std::size_t const stride = row_bytes();
  if (pixels.size() != stride * size_.height) {
    throw std::logic_error("PngReader: the buffer does not have the size of the image");
  }
  guarded([this, pixels, stride] {
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t y = 0; y < size_.height; ++y) {
        png_read_row(handle_.png, pixels.data() + y * stride, nullptr);
      }
    }
    png_read_end(handle_.png, nullptr);
  });
}

void PngReader::read_rows(RowSink const& sink) {
  start_pixels();
  std::size_t const stride = row_bytes();
  if (passes_ > 1) {
    // Every pass of an interlaced file adds pixels to all parts of the image.
    std::vector<std::uint8_t> pixels(stride * size_.height);
    read_passes(pixels);
    for (std::size_t y = 0; y < size_.height; ++y) {
      sink(std::span(pixels).subspan(y * stride, stride));
    }
    return;
  }
  std::vector<std::uint8_t> row(stride);
  guarded([this, &row, &sink] {
    for (std::size_t y = 0; y < size_.height; ++y) {
      png_read_row(handle_.png, row.data(), nullptr);
      sink(row);
    }
    png_read_end(handle_.png, nullptr);
  });
}

std::vector<Run> PngReader::read_runs() {
  if (PlainPng const* const png = plain()) {
    if (auto runs = png->read_runs(plain_scale())) return *std::move(runs);
  }
  ColumnRunScanner scanner(size_);
  read_rows([&](std::span<std::uint8_t const> row) { scanner.add_row(row); });
  return scanner.finish();
}

LabelMap PngReader::read_labels() {
  if (plain()) return LabelMap(LabelRuns(size_, read_runs()));
  std::vector<Label> pixels(size_.pixels());
  read_all(pixels);
  return LabelMap(size_, std::move(pixels));
}

}  // namespace seplflow
