// JSON as the run folder has it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include <seplflow/metrics.hpp>

namespace seplflow {

using Json = nlohmann::ordered_json;

Json to_json(Metrics const& metrics);

// Text of a JSON value: on one line when indent is 0, else indented by so many spaces a level.
// Numbers are the shortest decimals that read back exactly, with at least one digit after the point
// unless they are integers; NaN and infinities become null. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(Json const& json, int indent = 0);

// The text at a key; empty where there is no such text.
std::string text_in(Json const& json, char const* key);

}  // namespace seplflow
