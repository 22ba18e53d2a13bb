#include "pipeline/setting_text.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "base/error.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

std::string text_of(toml::node const& node) {
  std::string text;
  if (auto const* const table = node.as_table()) {
    for (auto const& [key, value] : *table) {
      text += (text.empty() ? " " : ", ") + std::string(key.str()) + " = " + text_of(value);
    }
    return "{" + text + " }";
  }
  if (auto const* const array = node.as_array()) {
    for (toml::node const& each : *array) text += (text.empty() ? "" : ", ") + text_of(each);
    return "[" + text + "]";
  }
  if (auto const value = node.value_exact<std::string>()) return toml_string(*value);
  if (auto const value = node.value_exact<std::int64_t>()) return std::to_string(*value);
  if (auto const value = node.value_exact<double>()) return toml_text(*value);
  if (auto const value = node.value_exact<bool>()) return *value ? "true" : "false";
  return "";
}

// toml++ sorts tables by key; what a reader sees is the order of the file.
std::vector<std::pair<std::string, toml::node const*>> in_file_order(toml::table const& table) {
  std::vector<std::pair<std::string, toml::node const*>> entries;
  for (auto const& [key, value] : table) entries.emplace_back(std::string(key.str()), &value);
  std::ranges::stable_sort(entries, {}, [](auto const& entry) {
    auto const& begin = entry.second->source().begin;
    return std::pair(begin.line, begin.column);
  });
  return entries;
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
    table = toml::parse(toml, file);
  } catch (toml::parse_error const& error) {
    throw UsageError(file + ":" + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()));
  }
  std::vector<SettingText> settings;
  auto const add_table = [&](std::string const& stage, toml::node const& node) {
    if (auto const* const entries = node.as_table()) {
      for (auto const& [key, value] : in_file_order(*entries)) {
        settings.push_back({stage, key, text_of(*value)});
      }
    }
  };
  for (auto const& [key, value] : in_file_order(table)) {
    if (key == "stages" && value->is_table()) {
      for (auto const& [stage, node] : in_file_order(*value->as_table())) add_table(stage, *node);
    } else if (key == "variant") {
      settings.push_back({"variants", key, text_of(*value)});
    } else if (key == "published") {
      continue;
    } else if (value->is_table()) {
      add_table(key, *value);
    } else {
      settings.push_back({"", key, text_of(*value)});
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
