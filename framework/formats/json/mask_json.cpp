#include <seplflow/formats/mask_json.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/input_file.hpp>
#include "base/number_text.hpp"
#include "formats/gzip.hpp"
#include "formats/json/mask_records.hpp"

namespace seplflow {
namespace {

namespace ondemand = simdjson::ondemand;

// The size that all masks of the file have; nothing when it is unknown.
std::optional<Size> common_size(MaskRecords const& file, std::string_view name,
                                MaskReading const& reading) {
  std::optional<Size> const image_size = reading.any_size ? std::nullopt : reading.image_size;
  std::optional<Size> size = image_size ? image_size : file.image_size;
  std::string source = image_size ? "the image" : "\"image\" in the file";
  if (size && file.image_size) {
    require_same_size(*file.image_size, "\"image\" in " + std::string(name), *size, source);
  }
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    std::optional<Size> const own = file.records[i].segmentation.size;
    if (!own) continue;
    if (!size) {
      size = own;
      source = "record " + std::to_string(i);
    }
    // Checked for every mask, so the names are put together only for an error.
    if (*own == *size) continue;
    try {
      require_same_size(*own, std::string(name) + ", record " + std::to_string(i), *size, source);
    } catch (Error const& error) {
      throw Error(error.what() + reading.size_hint);
    }
  }
  return size ? size : reading.image_size;
}

// Whether two numbers of pixels agree, given that programs round and measure differently.
bool is_near(double a, double b, double least) {
  return std::abs(a - b) <= std::max(least, 0.2 * std::max(a, b));
}

// Boxes end at the last pixel (amg.py) or after it (COCO), and some programs write the end instead
// of the extent. The box of a polygon holds its tips, which its mask may not have.
bool is_near_span(double begin, double extent, std::int64_t first, std::int64_t last) {
  constexpr double kLeast = 2, kShare = 0.25;
  auto const low = static_cast<double>(first), high = static_cast<double>(last);
  double const off = std::max(kLeast, kShare * (high - low));
  auto const is_end = [&](double end) { return end >= high - off && end <= high + 1 + off; };
  return std::abs(begin - low) <= off && (is_end(begin + extent) || is_end(extent));
}

std::string contradiction_text(std::size_t i, MaskClaims const& claims, Mask const& mask) {
  MaskBox const box = box_around(mask);
  std::string text = "record " + std::to_string(i) + " states";
  if (claims.area) text += " area " + shortest(*claims.area);
  if (claims.box) {
    text += claims.area ? " and bbox" : " bbox";
    for (double const each : *claims.box) text += " " + shortest(each);
  }
  return text + "; its mask has area " + std::to_string(mask.area()) + " and bbox " +
         std::to_string(box.left) + " " + std::to_string(box.top) + " " +
         std::to_string(box.width()) + " " + std::to_string(box.height());
}

MaskFile parse(simdjson::padded_string_view json, std::string_view name,
               MaskReading const& reading) {
  require_kind({reinterpret_cast<std::uint8_t const*>(json.data()), json.size()}, {FileKind::json},
               name, "the masks of an image as JSON");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::string_view(json).starts_with(kByteOrderMark) && !reading.strict) {
    std::size_t const mark = kByteOrderMark.size();
    json = simdjson::padded_string_view(json.data() + mark, json.size() - mark,
                                        json.capacity() - mark);
  }
  ondemand::parser parser;
  SegmentationReading const how{reading.any_size ? std::nullopt : reading.image_size,
                                reading.strict};
  MaskRecords const file = read_mask_records(parser, json, name, how);
  std::optional<Size> const size = common_size(file, name, reading);
  std::vector<MaskSet::Entry> entries;
  entries.reserve(file.records.size());
  MaskFile found{MaskSet({}, size)};
  PolygonWork work;
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    MaskRecord const& record = file.records[i];
    try {
      Mask mask = mask_of(record.segmentation, size, work);
      // The columns show masks that were written along rows, and cost nothing. The rows are for
      // the first mask only.
      if (contradict(record.claims, mask, i == 0) && found.contradictions++ == 0) {
        found.contradiction = contradiction_text(i, record.claims, mask);
      }
      if (mask.area() >= reading.min_area) entries.push_back({std::move(mask), record.info});
    } catch (Error const& error) {
      JsonPlace{name, "record", i}.fail(error.what());
    }
  }
  found.records = file.records.size();
  found.masks = MaskSet(std::move(entries), size);
  return found;
}

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

bool contradict(MaskClaims const& claims, Mask const& mask, bool with_rows) {
  constexpr double kLeastArea = 16;
  if (claims.area && !is_near(*claims.area, static_cast<double>(mask.area()), kLeastArea)) {
    return true;
  }
  if (!claims.box || mask.area() == 0) return false;
  auto const& [x, y, width, height] = *claims.box;
  std::uint32_t const rows = mask.size().height;
  std::span<std::uint32_t const> const bounds = mask.bounds();
  if (!is_near_span(x, width, bounds.front() / rows, (bounds.back() - 1) / rows)) return true;
  if (!with_rows) return false;
  MaskBox const box = box_around(mask);
  return !is_near_span(y, height, box.top, box.bottom);
}

MaskFile read_mask_file(std::filesystem::path const& path, MaskReading const& reading) {
  InputFile file(path);
  simdjson::padded_string text = padded(file.size());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text.data());
  std::size_t const size = file.read({bytes, file.size()});
  if (is_gzip({bytes, size}))
    return parse_mask_file(gunzip({bytes, size}, path.string()), path.string(), reading);
  simdjson::padded_string_view const json(text.data(), size,
                                          text.size() + simdjson::SIMDJSON_PADDING);
  return parse(json, path.string(), reading);
}

MaskFile parse_mask_file(std::span<std::uint8_t const> bytes, std::string_view name,
                         MaskReading const& reading) {
  simdjson::padded_string text = padded(bytes.size());
  std::ranges::copy(bytes, text.data());
  return parse(text, name, reading);
}

MaskSet read_mask_json(std::filesystem::path const& path, std::optional<Size> image_size,
                       std::uint64_t min_area) {
  return read_mask_file(path, {image_size, min_area}).masks;
}

MaskSet parse_mask_json(std::span<std::uint8_t const> bytes, std::string_view name,
                        std::optional<Size> image_size, std::uint64_t min_area) {
  return parse_mask_file(bytes, name, {image_size, min_area}).masks;
}

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
