// Mask records as a JSON file holds them, before they become masks; a part of mask_json.cpp.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>
#include <vector>

#include "data/mask_set.hpp"
#include "data/size.hpp"
#include "formats/json/segmentation.hpp"

namespace seplflow {

struct MaskRecord {
  Segmentation segmentation;
  std::optional<MaskInfo> info;
};

struct MaskRecords {
  std::optional<Size> image_size;  // SA-1B's header
  std::vector<MaskRecord> records;
};

// Reads the whole document. A file has its records before or after what they need (SA-1B's header
// may come last), so decoding is another step. The result is valid as long as the parser and the
// text are, and the parser reads nothing else. Throws Error as read_mask_json does.
MaskRecords read_mask_records(simdjson::ondemand::parser& parser, simdjson::padded_string_view json,
                              std::string_view file);

}  // namespace seplflow
