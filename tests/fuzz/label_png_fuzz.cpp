// Reads any bytes as a label map, a mask and an image. The result must be a value or an Error, and
// a label map must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/png.hpp>
#include "formats/image/mask_png.hpp"
#include "support/png_fixture.hpp"

namespace {

using namespace seplflow;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class F>
void value_or_error(F const& decode) {
  try {
    decode();
  } catch (Error const& error) {
    require(!std::string(error.what()).empty());
  }
}

void read_in_every_way(std::span<std::uint8_t const> bytes) {
  value_or_error([&] {
    LabelMap const labels = decode_label_png(bytes, "fuzz");
    for (auto const colours : {LabelColours::voc_palette, LabelColours::gray}) {
      require(decode_label_png(encode_label_png(labels, colours), "fuzz again") == labels);
    }
  });
  value_or_error([&] { require(decode_mask_png(bytes, "fuzz").area() <= kMaxPixels); });
  value_or_error([&] {
    Mask const mask = decode_mask_picture(bytes, "fuzz", {}).mask;
    require(decode_mask_picture(encode_mask_png(mask), "fuzz again", {}).mask == mask);
  });
  value_or_error([&] {
    for (Mask const& mask : decode_instance_png(bytes, "fuzz")) require(mask.area() > 0);
  });
  value_or_error([&] {
    Image const image = decode_image(bytes, "fuzz");
    require(image.rgb().size() == 3 * image.size().pixels());
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::vector<std::uint8_t> file(data, data + size);
  read_in_every_way(file);
  repair_every_crc(file);
  read_in_every_way(file);
  return 0;
}
