#include "pipeline/setting_text.hpp"

#include <algorithm>

#include "pipeline/document.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

std::string text_of_node(toml::node const& node) {
  std::string text;
  if (auto const* const table = node.as_table()) {
    for (auto const& [key, value] : *table) {
      text += (text.empty() ? " " : ", ") + std::string(key.str()) + " = " + text_of_node(value);
    }
    return "{" + text + " }";
  }
  if (auto const* const array = node.as_array()) {
    for (toml::node const& each : *array) text += (text.empty() ? "" : ", ") + text_of_node(each);
    return "[" + text + "]";
  }
  if (auto const value = node.value_exact<std::string>()) return toml_string(*value);
  if (auto const value = node.value_exact<std::int64_t>()) return std::to_string(*value);
  if (auto const value = node.value_exact<double>()) return toml_text(*value);
  if (auto const value = node.value_exact<bool>()) return *value ? "true" : "false";
  return "";
}

void add_table(std::string const& name, Setting const& table, std::vector<SettingText>& settings) {
  if (!table.value->is_table()) return;
  for (Setting const& each : settings_of(table)) {
    settings.push_back({name, each.key, text_of_node(*each.value)});
  }
}

SettingText const* find(std::vector<SettingText> const& settings, SettingText const& wanted) {
  auto const found = std::ranges::find_if(settings, [&](SettingText const& each) {
    return each.stage == wanted.stage && each.key == wanted.key;
  });
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

std::vector<SettingText> setting_texts(std::string const& toml, std::string const& file) {
  toml::table table;
  try {
    table = parsed_toml(toml, file);
  } catch (toml::parse_error const& error) {
    throw UsageError(file + ":" + std::to_string(error.source().begin.line) + ": " +
                     syntax_error(error, {file, toml}));
  }
  Setting root;
  root.place.source = std::make_shared<SourceText>(SourceText{file, ""});
  root.value = &table;
  std::vector<SettingText> settings;
  for (Setting const& each : settings_of(root)) {
    if (each.key == "published") continue;
    if (each.key == "stages" && each.value->is_table()) {
      for (Setting const& stage : settings_of(each)) add_table(stage.key, stage, settings);
    } else if (each.key == "variant") {
      settings.push_back({"variants", each.key, text_of_node(*each.value)});
    } else if (each.value->is_table()) {
      add_table(each.key, each, settings);
    } else {
      settings.push_back({"", each.key, text_of_node(*each.value)});
    }
  }
  return settings;
}

std::vector<SettingChange> changes(std::vector<SettingText> const& before,
                                   std::vector<SettingText> const& after) {
  std::vector<SettingChange> changes;
  for (SettingText const& each : before) {
    SettingText const* const now = find(after, each);
    std::string const value = now ? now->value : "";
    if (value != each.value) changes.push_back({each.stage, each.key, each.value, value});
  }
  for (SettingText const& each : after) {
    if (!find(before, each)) changes.push_back({each.stage, each.key, "", each.value});
  }
  return changes;
}

}  // namespace seplflow
