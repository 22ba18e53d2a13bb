// Reads the records of masks in JSON, before they become masks.
#pragma once

#include <simdjson.h>

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include <seplflow/mask_set.hpp>
#include <seplflow/formats/mask_json.hpp>
#include <seplflow/size.hpp>
#include "formats/json/coco_segmentation.hpp"

namespace seplflow {

struct MaskRecord {
  Segmentation segmentation;
  std::optional<MaskInfo> info;  // if the record has all of its fields
  MaskClaims claims;
};

// The records as the file holds them. They become masks in a second step: what they need, such as
// SA-1B's header, may follow them.
struct MaskRecords {
  std::optional<Size> image_size;  // SA-1B's header
  std::vector<MaskRecord> records;
};

// Reads a list of records, SA-1B's object, or records one after the other (JSON Lines; not if
// `strict` is set). Throws Error, naming the file, the record and what was expected. The result is
// valid as long as the parser and `json`, and the parser reads nothing else.
MaskRecords read_mask_records(simdjson::ondemand::parser& parser, simdjson::padded_string_view json,
                              std::string_view name, SegmentationReading const& reading);

}  // namespace seplflow
