// The masks of one image in a JSON file.
#pragma once

#include <seplflow/mask_box.hpp>
#include <seplflow/mask_set.hpp>
#include <seplflow/size.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

// What a record says about its mask: its pixels, and x, y, width, height of its bounding box.
struct MaskClaims {
  std::optional<double> area = {};
  std::optional<std::array<double, 4>> box = {};
};

// Whether the mask does not fit the claims, given that programs round, end boxes at the last pixel
// or after it, and sometimes write the corners of a box. O(1) without the rows of the box.
bool contradict(MaskClaims const& claims, Mask const& mask, bool with_rows);

struct MaskReading {
  std::optional<Size> image_size = {};
  std::uint64_t min_area = 0;  // masks of fewer pixels are left out
  bool strict = false;         // refuses what goes beyond the three formats below
  bool any_size = false;       // the masks need not have the size of the image
  std::string size_hint = {};  // what to do about another size, for the end of a message
};

struct MaskFile {
  MaskSet masks;
  std::uint64_t records = 0;
  // Records whose own "bbox" or "area" does not fit their mask, and the first of them in words.
  std::uint64_t contradictions = 0;
  std::string contradiction = {};
};

// Reads what segment-anything's amg.py --convert-to-rle writes, a list of records, and the files
// of SA-1B, {"image": {"height", "width", ...}, "annotations": [the same records], ...}. A record
// holds "segmentation", which is one of
//   {"size": [height, width], "counts": "..."}   COCO's compressed string
//   {"size": [height, width], "counts": [...]}   column-major run lengths; the first is outside
//   [[x0, y0, x1, y1, ...], ...]                 polygons, whose union is the mask
// or one of the other forms that formats/json/coco_segmentation.hpp lists (unless `strict` is set),
// and becomes a mask, in the order of the file, with a MaskInfo if it has all of "predicted_iou",
// "stability_score", "point_coords" (its first point counts) and "crop_box"; one
// that is null, NaN or absent is not an error. Other fields are ignored. Records may also stand one
// after the other (JSON Lines), and the file may be compressed (gzip) or begin with a byte-order
// mark.
//
// Polygons take their size from `image_size`, from SA-1B's "image", or from another record. So does
// a set without masks, whose size may remain unknown. Throws Error, naming the file, the record
// (from 0) and what was expected, for anything else, for masks of several sizes or another size
// than `image_size`, and for masks of several images ("image_id").
MaskFile read_mask_file(std::filesystem::path const& path, MaskReading const& reading);

// The same from memory; `name` stands for the file in messages.
MaskFile parse_mask_file(std::span<std::uint8_t const> bytes, std::string_view name,
                         MaskReading const& reading);

// Only the masks.
MaskSet read_mask_json(std::filesystem::path const& path,
                       std::optional<Size> image_size = std::nullopt, std::uint64_t min_area = 0);

MaskSet parse_mask_json(std::span<std::uint8_t const> bytes, std::string_view name,
                        std::optional<Size> image_size = std::nullopt, std::uint64_t min_area = 0);

// The records of the masks as amg.py --convert-to-rle writes them: equal as JSON values, but whole
// numbers have no decimal point. The record of a mask without MaskInfo does not have its fields.
std::string encode_mask_json(MaskSet const& masks);

// The box that amg.py writes for a mask: its bounding box. For a mask without pixels, a box without
// extent in the corner of the crop in which the mask was predicted.
MaskBox written_box(Mask const& mask, std::optional<MaskInfo> const& info);

}  // namespace seplflow
