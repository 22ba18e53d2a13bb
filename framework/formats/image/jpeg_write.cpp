// clang-format off
// libjpeg's header needs FILE.
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <csetjmp>
#include <cstdlib>
#include <string>

#include <seplflow/error.hpp>
#include "formats/image/web_pictures.hpp"

namespace seplflow {
namespace {

class JpegWriter {
 public:
  JpegWriter() {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.output_message = [](j_common_ptr) {};
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&jpeg_);
    std::free(bytes_);
  }
  JpegWriter(JpegWriter const&) = delete;
  JpegWriter& operator=(JpegWriter const&) = delete;

  std::vector<std::uint8_t> encode(Image const& image, int quality) {
    // As in PngWriter: libjpeg fails by longjmp, which passes no object here.
    if (setjmp(escape_) != 0) throw Error(std::string("cannot write a JPEG: ") + message_);
    write(image, quality);
    return {bytes_, bytes_ + size_};
  }

 private:
  void write(Image const& image, int quality) {
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &bytes_, &size_);
    jpeg_.image_width = image.size().width;
    jpeg_.image_height = image.size().height;
    jpeg_.input_components = 3;
    jpeg_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    jpeg_start_compress(&jpeg_, TRUE);
    std::size_t const stride = std::size_t{image.size().width} * 3;
    while (jpeg_.next_scanline < jpeg_.image_height) {
      auto* row = const_cast<JSAMPROW>(image.rgb().data() + stride * jpeg_.next_scanline);
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
  }

  static void on_error(j_common_ptr jpeg) {
    auto* const self = static_cast<JpegWriter*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, self->message_);
    std::longjmp(self->escape_, 1);
  }

  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf escape_;
  char message_[JMSG_LENGTH_MAX] = "";
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<std::uint8_t> encode_jpeg(Image const& image, int quality) {
  return JpegWriter().encode(image, quality);
}

}  // namespace seplflow
