// Mask records as a JSON file holds them, before they become masks; a part of mask_json.cpp.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "data/mask_set.hpp"
#include "data/size.hpp"

namespace seplflow {

// The file, and the record in it, that a message is about.
struct JsonPlace {
  std::string_view file;
  std::optional<std::size_t> record;

  // "a.json: ..." or "a.json, record 3: ..."
  [[noreturn]] void fail(std::string const& problem) const;
  [[noreturn]] void fail_expecting(std::string_view expected) const;
};

using Polygon = std::vector<double>;  // x0, y0, x1, y1, ...

struct MaskRecord {
  std::optional<Size> size;
  // Compressed counts (a view into the parser's memory), counts, or polygons.
  std::variant<std::monostate, std::string_view, std::vector<std::uint32_t>, std::vector<Polygon>>
      shape;
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
