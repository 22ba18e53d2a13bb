// JSON as the run folder has it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/metrics.hpp>

namespace seplflow {

using Json = nlohmann::ordered_json;

Json to_json(Metrics const& metrics);

// Text of a JSON value: on one line when indent is 0, else indented by so many spaces a level.
// Numbers are the shortest decimals that read back exactly, with at least one digit after the point
// unless they are integers; NaN and infinities become null. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(Json const& json, int indent = 0);

// The metrics of a stage, and texts that are members of the same object. A text takes the place of an
// entry that has its name.
struct NamedMetrics {
  std::string_view name;
  Metrics const* metrics;
  std::vector<std::pair<std::string_view, std::string_view>> texts = {};
};
// As of an object of them. In a sweep, a tree of JSON for each variant would take as long again.
std::string json_text(std::vector<NamedMetrics> const& all, int indent);

// JSON that people or other programs may have changed; discarded when the text is not JSON or is
// nested deeper than kDeepestJson, which whoever walks it relies on.
constexpr std::size_t kDeepestJson = 100;
Json parsed_json(std::string_view text);
bool is_too_deep(std::string_view json);

// Text for bytes that may not be UTF-8: those that are not become \xe4 and the like. The other way
// round, it is exact for bytes without a backslash.
std::string text_of_bytes(std::string_view bytes);
std::string bytes_of_text(std::string_view text);

// The text at a key; empty where there is no such text.
std::string text_in(Json const& json, char const* key);

}  // namespace seplflow
