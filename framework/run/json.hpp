// JSON and CSV as the run folder has them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "data/metrics.hpp"
#include "plugin/stage.hpp"

namespace seplflow {

using Json = nlohmann::ordered_json;

Json to_json(Metrics const& metrics);

// Text of a JSON value: on one line when indent is 0, else indented by so many spaces a level.
// Numbers are the shortest decimals that read back exactly; what is no number becomes null. Bytes
// that are not UTF-8 become U+FFFD.
std::string json_text(Json const& json, int indent = 0);

// A CSV line (RFC 4180), with its end.
std::string csv_line(Row const& row);

// The text at a key; empty where there is no such text.
std::string text_in(Json const& json, char const* key);

}  // namespace seplflow
