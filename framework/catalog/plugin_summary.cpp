#include "catalog/plugin_summary.hpp"

#include <nlohmann/json.hpp>

namespace seplflow {

std::string to_text(PluginSummary const& summary) {
  using Json = nlohmann::json;
  Json stages = Json::array(), rejected = Json::array();
  for (auto const& stage : summary.stages) {
    stages.push_back({stage.name, stage.summary, stage.missing_library});
  }
  for (auto const& each : summary.rejected) rejected.push_back({each.stage, each.reason});
  Json const whole = {summary.version, std::move(stages), std::move(rejected), summary.refused,
                      summary.declarations};
  return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<PluginSummary> summary_of_text(std::string_view text) {
  try {
    auto const whole = nlohmann::json::parse(text);
    PluginSummary summary;
    summary.version = whole.at(0);
    for (auto const& stage : whole.at(1)) {
      summary.stages.push_back({stage.at(0), stage.at(1), stage.at(2)});
    }
    for (auto const& each : whole.at(2)) summary.rejected.push_back({each.at(0), each.at(1)});
    summary.refused = whole.at(3);
    summary.declarations = whole.at(4);
    return summary;
  } catch (nlohmann::json::exception const&) {
    return std::nullopt;
  }
}

}  // namespace seplflow
