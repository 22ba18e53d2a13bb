#include <string>

#include "base/number_text.hpp"
#include "formats/json/coco_rle.hpp"
#include "formats/json/mask_json.hpp"

namespace seplflow {
namespace {

std::string record_text(Mask const& mask, std::optional<MaskInfo> const& info) {
  Size const size = mask.size();
  MaskBox const box = written_box(mask, info);
  auto const number = [](auto each) { return std::to_string(each); };
  // COCO's alphabet holds one character that JSON escapes.
  std::string counts;
  for (char const c : encode_coco_rle(mask))
    counts += c == '\\' ? std::string("\\\\") : std::string(1, c);
  std::string text = "{\"segmentation\": {\"size\": [" + number(size.height) + ", " +
                     number(size.width) + "], \"counts\": \"" + counts +
                     "\"}, \"area\": " + number(mask.area()) + ", \"bbox\": [" + number(box.left) +
                     ", " + number(box.top) + ", " + number(box.width()) + ", " +
                     number(box.height()) + "]";
  if (info) {
    auto const& crop = info->crop_box;
    text += ", \"predicted_iou\": " + shortest(info->predicted_iou) + ", \"point_coords\": [[" +
            shortest(info->point[0]) + ", " + shortest(info->point[1]) +
            "]], \"stability_score\": " + shortest(info->stability_score) + ", \"crop_box\": [" +
            shortest(crop[0]) + ", " + shortest(crop[1]) + ", " + shortest(crop[2]) + ", " +
            shortest(crop[3]) + "]";
  }
  return text + "}";
}

}  // namespace

MaskBox written_box(Mask const& mask, std::optional<MaskInfo> const& info) {
  if (mask.area() > 0 || !info) return box_around(mask);
  auto const left = static_cast<std::int64_t>(info->crop_box[0]);
  auto const top = static_cast<std::int64_t>(info->crop_box[1]);
  return {left, top, left, top};
}

std::string encode_mask_json(MaskSet const& masks) {
  std::string text = "[";
  for (std::size_t i = 0; i < masks.count(); ++i) {
    text += (i > 0 ? ", " : "") + record_text(masks.mask(i), masks.info(i));
  }
  return text + "]\n";
}

}  // namespace seplflow
