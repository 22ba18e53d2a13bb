// Reads any bytes as a mask file. The result must be masks of one size, or an Error.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/mask_json.hpp>

namespace {

using namespace seplflow;

void require(bool holds) {
  if (!holds) std::abort();
}

void parse(std::span<std::uint8_t const> bytes, std::optional<Size> image_size,
           std::uint64_t min_area) {
  try {
    MaskSet const masks = parse_mask_json(bytes, "fuzz", image_size, min_area);
    for (std::size_t i = 0; i < masks.count(); ++i) {
      Mask const& mask = masks.mask(i);
      require(mask.size() == masks.size() && mask.area() >= min_area);
      require(decode_coco_rle(mask.size(), encode_coco_rle(mask)) == mask);
    }
  } catch (Error const& error) {
    require(std::string(error.what()).find("fuzz") != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  parse({data, size}, std::nullopt, 0);
  parse({data, size}, Size{7, 9}, 2);
  return 0;
}
