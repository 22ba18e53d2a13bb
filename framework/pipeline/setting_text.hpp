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

// In the order of the file, without [published], which cannot change a result. Throws UsageError
// with the name of the file if it is not valid TOML.
std::vector<SettingText> setting_texts(std::string const& toml, std::string const& file);

// The settings that differ; an absent value is empty. Those of `before` come first.
struct SettingChange {
  std::string stage, key, before, after;
};
std::vector<SettingChange> changes(std::vector<SettingText> const& before,
                                   std::vector<SettingText> const& after);

}  // namespace seplflow
