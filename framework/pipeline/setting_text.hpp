// The settings of a pipeline file as texts, for showing how two pipelines differ.
#pragma once

#include <string>
#include <vector>

namespace seplflow {

struct SettingText {
  std::string stage;  // or "run", "sweep", "variants"; empty for the name
  std::string key;
  std::string value;  // as TOML
  bool operator==(SettingText const&) const = default;
};

// In the order of the file, without what cannot change a result ([published]). Throws UsageError,
// naming the file, when it is no TOML.
std::vector<SettingText> setting_texts(std::string const& toml, std::string const& file);

// What is not the same in both; an absent value is empty. Those of `before` first.
struct SettingChange {
  std::string stage, key, before, after;
};
std::vector<SettingChange> changes(std::vector<SettingText> const& before,
                                   std::vector<SettingText> const& after);

}  // namespace seplflow
