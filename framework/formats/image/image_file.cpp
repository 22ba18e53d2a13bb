#include <seplflow/formats/image_file.hpp>

// clang-format off: libjpeg's headers need what stands before them; jerror.h numbers the messages by
// the version in jpeglib.h
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <array>
#include <csetjmp>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/input_file.hpp>
#include "formats/image/exif.hpp"
#include "formats/image/png_reader.hpp"

namespace seplflow {
namespace {

// Converts four samples per pixel to three, as Pillow does: the samples are inverted, as Adobe
// stores them, and no colour profile is applied.
void convert_cmyk(std::vector<std::uint8_t>& samples) {
  std::size_t out = 0;
  for (std::size_t in = 0; in < samples.size(); in += 4) {
    unsigned const key = samples[in + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      // (255 - stored) * key / 255, rounded.
      unsigned const product = (255U - samples[in + c]) * key + 128;
      samples[out++] = static_cast<std::uint8_t>(key - ((product >> 8) + product) / 256);
    }
  }
  samples.resize(out);
}

// What libjpeg remarks of a file that it decodes all the same, such as "Corrupt JPEG data: bad
// Huffman code": each kind once, as its first text. libjpeg calls this, so nothing here allocates.
class JpegRemarks {
 public:
  void add(j_common_ptr jpeg) {
    int const code = jpeg->err->msg_code;
    for (std::size_t i = 0; i < count_; ++i) {
      if (codes_[i] == code) return;
    }
    if (count_ == codes_.size()) return;
    jpeg->err->format_message(jpeg, texts_[count_].data());
    codes_[count_++] = code;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count_; ++i) texts.emplace_back(texts_[i].data());
    return texts;
  }

 private:
  static constexpr std::size_t kMost = 8;
  std::array<int, kMost> codes_;
  std::array<std::array<char, JMSG_LENGTH_MAX>, kMost> texts_;
  std::size_t count_ = 0;
};

class JpegReader {
 public:
  JpegReader(std::span<std::uint8_t const> bytes, std::string_view name)
      : bytes_(bytes), name_(name) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    guarded([this] {
      jpeg_create_decompress(&jpeg_);
      jpeg_.progress = &progress_;
      jpeg_mem_src(&jpeg_, bytes_.data(), bytes_.size());
    });
  }

  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(JpegReader const&) = delete;
  JpegReader& operator=(JpegReader const&) = delete;

  // Reads the header; false when the bytes end within it.
  bool read_header() {
    return guarded([this] { jpeg_read_header(&jpeg_, TRUE); });
  }

  Size size() const { return checked_size(jpeg_.image_height, jpeg_.image_width, name_); }

  // After the header.
  std::vector<std::uint8_t> read_rgb() {
    require_supported();
    Size const size = this->size();
    // A header can claim any size. Huffman coding takes at least one bit for each block of 8 x 8.
    if (size.pixels() > std::size_t{64} * 8 * bytes_.size()) fail_truncated();
    std::size_t const stride = std::size_t{size.width} * (is_cmyk() ? 4 : 3);
    std::vector<std::uint8_t> samples(stride * size.height);
    bool const whole = guarded([this, &samples, stride] {
      jpeg_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_RGB;
      jpeg_start_decompress(&jpeg_);
      while (jpeg_.output_scanline < jpeg_.output_height) {
        JSAMPROW row = samples.data() + stride * jpeg_.output_scanline;
        jpeg_read_scanlines(&jpeg_, &row, 1);
      }
      jpeg_finish_decompress(&jpeg_);
    });
    if (!whole) fail_truncated();
    if (is_cmyk()) convert_cmyk(samples);
    return samples;
  }

  std::vector<std::string> remarks() const { return remarks_.texts(); }

  [[noreturn]] void fail_truncated() const {
    throw Error(name_ + " is truncated: its " + std::to_string(bytes_.size()) +
                " bytes end before the image does; copy or download it again");
  }

 private:
  static void on_error(j_common_ptr jpeg) {
    std::longjmp(static_cast<JpegReader*>(jpeg->client_data)->escape_, 1);
  }

  // libjpeg only warns about missing data, and fills the rest of the image with gray.
  static void on_message(j_common_ptr jpeg, int level) {
    bool const warning = level < 0;
    if (!warning) return;
    auto& self = *static_cast<JpegReader*>(jpeg->client_data);
    int const code = jpeg->err->msg_code;
    if (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER) return self.remarks_.add(jpeg);
    self.truncated_ = code == JWRN_JPEG_EOF;
    on_error(jpeg);
  }

  // A scan may pass over all blocks of the image in a few bytes, so their number bounds the work.
  static void on_progress(j_common_ptr jpeg) {
    auto& self = *static_cast<JpegReader*>(jpeg->client_data);
    self.has_too_many_scans_ = self.jpeg_.input_scan_number > kMostScans;
    if (self.has_too_many_scans_) on_error(jpeg);
  }

  // libjpeg leaves a failed call by longjmp, which must not skip a destructor. So everything that
  // calls libjpeg is a lambda without objects, called here, where no object is alive either.
  // Returns false when the bytes end too early; throws for other failures.
  template <class F>
  bool guarded(F const& calls) {
    if (setjmp(escape_) == 0) {
      calls();
      return true;
    }
    if (truncated_) return false;
    if (has_too_many_scans_) {
      throw Error(name_ + " is a JPEG of more than " + std::to_string(kMostScans) +
                  " scans, which no camera or program writes; save the image again");
    }
    char message[JMSG_LENGTH_MAX];
    errors_.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), message);
    throw Error(name_ + " is damaged (" + message + "); copy or download it again");
  }

  void require_supported() const {
    if (jpeg_.arith_code != FALSE) {
      throw Error(
          name_ +
          " is a JPEG with arithmetic coding, which few programs read; save the image again with "
          "the usual Huffman coding");
    }
    J_COLOR_SPACE const space = jpeg_.jpeg_color_space;
    if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB && !is_cmyk()) {
      throw Error(name_ + " is a JPEG of " + std::to_string(jpeg_.num_components) +
                  " unnamed channels; convert the image to RGB or gray");
    }
  }

  bool is_cmyk() const {
    return jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK;
  }

  static constexpr int kMostScans = 100;  // programs write about 10

  std::span<std::uint8_t const> bytes_;
  std::string name_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  JpegRemarks remarks_;
  std::jmp_buf escape_;
  bool truncated_ = false, has_too_many_scans_ = false;
};

// Whether the bytes begin like a JPEG.
bool is_jpeg(std::span<std::uint8_t const> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

Image decode_jpeg(std::span<std::uint8_t const> bytes, std::string_view name,
                  std::vector<std::string>* remarks) {
  JpegReader jpeg(bytes, name);
  if (!jpeg.read_header()) jpeg.fail_truncated();
  std::vector<std::uint8_t> rgb = jpeg.read_rgb();
  if (remarks) *remarks = jpeg.remarks();
  return Image(jpeg.size(), std::move(rgb));
}

// The size in the header; nothing when the bytes, which are the beginning of a file, end before it.
std::optional<Size> jpeg_size(std::span<std::uint8_t const> bytes, std::string_view name) {
  JpegReader jpeg(bytes, name);
  if (!jpeg.read_header()) return std::nullopt;
  return jpeg.size();
}

// Throws unless this is a JPEG or a PNG.
void require_image(std::span<std::uint8_t const> bytes, std::string const& name) {
  if (is_jpeg(bytes) || is_png(bytes)) return;
  throw Error(name + " " +
              what_it_is(bytes, "a JPEG or PNG image", "convert the image to one of them"));
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

Image decode_image(std::span<std::uint8_t const> bytes, std::string_view name,
                   std::vector<std::string>* remarks) {
  require_image(bytes, std::string(name));
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name, remarks);
  PngReader png(bytes, name, "an image");
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY && png.bit_depth() == 16) return clipped_gray(png);
  png.convert_to_rgb();
  std::vector<std::uint8_t> rgb(3 * png.size().pixels());
  png.read_all(rgb);
  return Image(png.size(), std::move(rgb));
}

Image read_image(std::filesystem::path const& path, std::vector<std::string>* remarks) {
  return decode_image(read_file(path), path.string(), remarks);
}

OrientedImage read_oriented_image(std::filesystem::path const& path, Exif exif) {
  auto const bytes = read_file(path);
  std::vector<std::string> remarks;
  Image image = decode_image(bytes, path.string(), &remarks);
  int const orientation = exif_orientation(bytes);
  if (exif == Exif::apply && orientation != 1) image = upright(image, orientation);
  return {std::move(image), orientation, std::move(remarks)};
}

Size read_image_size(std::filesystem::path const& path) {
  return read_image_header(path, Exif::ignore).size;
}

ImageHeader read_image_header(std::filesystem::path const& path, Exif exif) {
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
    if (size) {
      int const orientation = exif_orientation(head);
      bool const exchanges = exif == Exif::apply && exchanges_sides(orientation);
      return {exchanges ? Size{size->width, size->height} : *size, orientation};
    }
    if (head.size() == have || head.size() == file.size()) {
      throw Error(name + " is truncated: its " + std::to_string(head.size()) +
                  " bytes end before the size of the image; copy or download it again");
    }
  }
}

}  // namespace seplflow
