// metadata.csv, which segment-anything's amg.py writes beside its mask PNGs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include <seplflow/mask_set.hpp>
#include <seplflow/formats/mask_json.hpp>

namespace seplflow::masks {

struct MaskMetadata {
  MaskInfo info;
  MaskClaims claims;  // area, bbox_x0, bbox_y0, bbox_w and bbox_h, where these are numbers
};

// The entry of each mask by the mask's number; empty if the file does not exist. Columns are found
// by name: id, point_input_x, point_input_y, predicted_iou, stability_score, crop_box_x0,
// crop_box_y0, crop_box_w, crop_box_h. Throws Error, with file and line, when a column is missing
// or a value is not a number.
std::map<std::uint64_t, MaskMetadata> read_metadata_csv(std::filesystem::path const& file);

}  // namespace seplflow::masks
