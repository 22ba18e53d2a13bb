// Compares the fast decoder of plain PNGs with libpng: what it decodes, libpng must decode to the
// same pixels, unless libpng refuses it: libdeflate accepts a few malformed streams that zlib refuses.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "formats/image/plain_png.hpp"
#include "support/png_fixture.hpp"

namespace {

using namespace seplflow;
using Bytes = std::span<std::uint8_t const>;

void require(bool holds) {
  if (!holds) std::abort();
}

void compare_pixels(Bytes file) {
  if (file.size() < 8 || png_sig_cmp(file.data(), 0, 8) != 0) return;
  auto const png = PlainPng::parse(file);
  if (!png) return;
  for (bool const scales : {false, true}) {
    if (scales && png->colour_type() == PNG_COLOR_TYPE_PALETTE) continue;
    unsigned const scale = scales ? 255U / ((1U << png->bit_depth()) - 1) : 1;
    std::vector<std::uint8_t> pixels(png->size().pixels());
    bool const is_sound = png->read_all(scale, pixels);
    auto const runs = png->read_runs(scale);
    require(runs.has_value() == is_sound);
    if (!is_sound) continue;
    auto const expected = decode_by_libpng(file, scales);
    require(!expected || *expected == pixels);
    require(row_major(LabelRuns(png->size(), *runs)) == pixels);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::vector<std::uint8_t> file(data, data + size);
  compare_pixels(file);
  repair_every_crc(file);
  compare_pixels(file);
  return 0;
}
