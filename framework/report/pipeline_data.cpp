#include "pipeline/document.hpp"
#include "pipeline/setting_text.hpp"
#include "report/run_data.hpp"

namespace seplflow {
namespace {

// A number; null for others, among them nan, which stands for "none".
Json number_json(toml::node const& node) {
  auto const value = node.value<double>();
  return node.is_number() && std::isfinite(*value) ? Json(*value) : Json();
}

// The wires of a stage, each [input, stage, output]. An input or output without a name is the only
// one.
Json reads_of(toml::table const& stage) {
  Json reads = Json::array();
  auto const add = [&](std::string_view input, toml::node const& node) {
    auto const text = node.value<std::string>();
    if (!text) return;
    std::size_t const dot = text->find('.');
    std::string const output = dot == std::string::npos ? "" : text->substr(dot + 1);
    reads.push_back({std::string(input), text->substr(0, dot), output});
  };
  toml::node const* const in = stage.get("in");
  if (in == nullptr) return reads;
  if (auto const* const table = in->as_table()) {
    for (auto const& [input, node] : *table) add(input.str(), node);
  } else {
    add("", *in);
  }
  return reads;
}

// The names of the stages in the order of the file.
std::vector<std::string> names_in(std::vector<SettingText> const& settings) {
  std::vector<std::string> names;
  for (SettingText const& each : settings) {
    if (each.key == "use" && each.stage != "sweep") names.push_back(each.stage);
  }
  return names;
}

// The axes of a sweep in the order of the file, and the names of its [[variant]] tables.
void add_sweep(Json& json, toml::table const& root, std::vector<SettingText> const& settings) {
  json["axes"] = Json::array();
  for (SettingText const& each : settings) {
    if (each.stage != "sweep") continue;
    if (each.key != "best_by") json["axes"].push_back(each.key);
  }
  json["best_by"] = root["sweep"]["best_by"].value_or(std::string());
  json["labels"] = Json::array();
  if (auto const* const variants = root["variant"].as_array()) {
    for (toml::node const& each : *variants) {
      auto const* const table = each.as_table();
      if (table != nullptr) json["labels"].push_back((*table)["name"].value_or(std::string()));
    }
  }
}

// Percents of all variants: a number; in their order: a list; in a grid: a list of rows, whose
// values belong to the first axis.
Json percents_json(toml::node const& node) {
  auto const* const list = node.as_array();
  if (list == nullptr) return number_json(node);
  Json percents = Json::array();
  for (toml::node const& each : *list) percents.push_back(percents_json(each));
  return percents;
}

Json published_json(toml::table const& root) {
  auto const* const published = root["published"].as_table();
  if (published == nullptr) return nullptr;
  Json json = {{"source", (*published)["source"].value_or(std::string())},
               {"samples", nullptr},
               {"numbers", Json::array()}};
  for (auto const& [key, node] : *published) {
    if (key == "source") continue;
    if (key == "samples") {
      json["samples"] = number_json(node);
    } else {
      json["numbers"].push_back({std::string(key.str()), percents_json(node)});
    }
  }
  return json;
}

}  // namespace

Json pipeline_data(std::string const& toml, std::string const& file) {
  auto const settings = setting_texts(toml, file);  // reports a syntax error
  toml::table const root = parsed_toml(toml, file);
  Json json = {{"stages", Json::array()}, {"settings", Json::array()}};
  for (SettingText const& each : settings) {
    json["settings"].push_back({each.stage, each.key, each.value});
  }
  for (std::string const& name : names_in(settings)) {
    auto const* const stage = root["stages"][name].as_table();
    if (stage == nullptr) continue;
    json["stages"].push_back({{"name", name},
                              {"use", (*stage)["use"].value_or(std::string())},
                              {"reads", reads_of(*stage)}});
  }
  add_sweep(json, root, settings);
  json["limit"] =
      root["run"]["limit"].is_number() ? number_json(*root["run"]["limit"].node()) : Json();
  json["published"] = published_json(root);
  return json;
}

}  // namespace seplflow
