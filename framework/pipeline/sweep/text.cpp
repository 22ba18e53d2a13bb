#include "pipeline/sweep/text.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/resolved.hpp"
#include "pipeline/sweep/names.hpp"

namespace seplflow {
namespace {

Setting const* find_in(std::vector<Setting> const& settings, std::string_view key) {
  auto const found = std::ranges::find(settings, key, &Setting::key);
  return found == settings.end() ? nullptr : &*found;
}

bool is_wiring(std::string_view key) {
  return key == "use" || key == "in" || key == "on_error";
}

// What stages made of an option, where all made the same of it.
std::optional<OptionValue> common_value(std::vector<PipelineStage const*> const& stages,
                                        std::string_view name) {
  std::optional<OptionValue> common;
  for (PipelineStage const* const stage : stages) {
    auto const option = find_option(*stage->declaration, name);
    auto value = option ? stage->instance->option(*option) : std::nullopt;
    if (!value || (common && value != common)) return std::nullopt;
    common = std::move(value);
  }
  return common;
}

class SweepText {
 public:
  SweepText(Document const& document, Sweep& sweep, Pipeline const& pipeline,
            Environment const& environment)
      : document_(document), environment_(environment) {
    std::set<std::pair<StageEntry const*, PipelineStage const*>> seen;
    uses_.resize(document.stages.size());
    for (std::size_t variant = 0; variant < pipeline.variants.size(); ++variant) {
      for (std::size_t stage = 0; stage < document.stages.size(); ++stage) {
        StageEntry const& entry = sweep.entry(variant, stage).settings;
        PipelineStage const& node = pipeline.stages[pipeline.variants[variant].stages[stage]];
        if (!seen.emplace(&entry, &node).second) continue;
        uses_[stage].push_back({&entry, &node});
        for (Setting const& setting : entry.settings) having_[setting.value].push_back(&node);
      }
    }
  }

  std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < document_.stages.size(); ++i) text += stage(i);
    for (NamedVariant const& each : document_.variants) text += variant(each);
    if (document_.axes.empty()) return text;
    text += "\n[sweep]\n";
    for (AxisEntry const& each : document_.axes) text += axis(each);
    return text;
  }

 private:
  // A stage as some variants have it.
  struct Use {
    StageEntry const* entry;
    PipelineStage const* node;
  };

  std::string stage(std::size_t i) const {
    StageEntry const& base = document_.stages[i];
    std::string text = "\n[stages." + base.name + "]\n";
    for (Setting const& setting : base.settings) {
      auto const value = is_wiring(setting.key) ? resolved(setting) : std::nullopt;
      if (value) text += setting.key + " = " + *value + "\n";
    }
    for (auto const& [name, value] : own_options(i, nullptr, base.settings)) {
      text.append(name).append(" = ").append(value).append("\n");
    }
    return text;
  }

  // The options of a stage, as set by itself (`table` null) or by the table that swaps it: those
  // that are written there, and those that come to one value wherever nobody sets them.
  std::vector<std::pair<std::string, std::string>> own_options(
      std::size_t stage, toml::node const* table, std::vector<Setting> const& settings) const {
    std::vector<std::pair<std::string, std::string>> options;
    std::set<std::string> declarations, seen;
    for (Use const& use : uses_[stage]) {
      if (use.entry->swapped_by != table) continue;
      StageDeclaration const& declaration = *use.node->declaration;
      if (!declarations.insert(declaration.name).second) continue;
      for (OptionDeclaration const& option : declaration.options) {
        if (seen.contains(option.name)) continue;
        Setting const* const own = find_in(settings, option.name);
        auto value = own ? resolved(*own) : filled_in(stage, table, option.name);
        if (!value) continue;
        seen.insert(option.name);
        options.emplace_back(option.name, std::move(*value));
      }
    }
    return options;
  }

  // The value of an option where nobody sets it.
  std::optional<std::string> filled_in(std::size_t stage, toml::node const* table,
                                       std::string_view option) const {
    std::vector<PipelineStage const*> stages;
    for (Use const& use : uses_[stage]) {
      if (use.entry->swapped_by == table && !use.entry->find(option)) stages.push_back(use.node);
    }
    auto const value = common_value(stages, option);
    return value ? std::optional(resolved_text(*value)) : std::nullopt;
  }

  std::string variant(NamedVariant const& variant) const {
    std::string text = "\n[[variant]]\nname = " + resolved_text(variant.name) + "\n";
    std::string set;
    auto const add = [&](std::string const& key, std::string const& value) {
      set += (set.empty() ? " " : ", ") + toml_string(key) + " = " + value;
    };
    for (Change const& change : variant.changes) {
      std::string const& stage = document_.stages[change.stage].name;
      if (change.swaps) {
        add(stage, table(change, ""));
        continue;
      }
      for (Setting const& setting : change.settings) {
        if (auto const value = resolved(setting)) add(stage + "." + setting.key, *value);
      }
    }
    return set.empty() ? text : text + "set = {" + set + " }\n";
  }

  std::string axis(AxisEntry const& axis) const {
    bool const whole = axis.is_whole();
    std::string text = toml_string(axis.key) + " = [";
    for (AxisValue const& each : axis.values) {
      if (&each != &axis.values.front()) text += ",";
      if (axis.values.size() > 1) text += "\n  ";
      text += whole ? table(each.change, each.text) : value(each);
    }
    return text + (axis.values.size() > 1 ? ",\n]\n" : "]\n");
  }

  // A value of an option, with the name that variants have from it where that would get lost.
  std::string value(AxisValue const& value) const {
    std::string text = resolved(value.change.settings[0]).value_or("\"\"");
    toml::table const again = toml::parse("value = " + text);
    toml::node const& node = *again.get("value");
    bool const has_value = node.is_table() && node.as_table()->contains("value");
    if (text_of(node) == value.text && !has_value) return text;
    return "{ name = " + resolved_text(value.text) + ", value = " + text + " }";
  }

  std::string table(Change const& change, std::string const& name) const {
    std::string text;
    auto const add = [&](std::string const& key, std::string const& value) {
      text += (text.empty() ? " " : ", ") + key + " = " + value;
    };
    if (!name.empty()) add("name", resolved_text(name));
    for (Setting const& setting : change.settings) {
      if (change.swaps && !is_wiring(setting.key)) continue;
      if (auto const value = resolved(setting)) add(setting.key, *value);
    }
    if (change.swaps) {
      for (auto const& [key, value] :
           own_options(change.stage, change.origin.value, change.settings)) {
        add(key, value);
      }
    }
    return "{" + text + " }";
  }

  // Nothing for what no variant has.
  std::optional<std::string> resolved(Setting const& setting) const {
    auto const having = having_.find(setting.value);
    if (having == having_.end()) return std::nullopt;
    if (!is_wiring(setting.key)) {
      auto value = common_value(having->second, setting.key);
      if (!value) value = value_read(setting, having->second);
      if (value) return resolved_text(*value);
    }
    return as_written(*setting.value);
  }

  // The value before stages make different things of it, where they read the same.
  std::optional<OptionValue> value_read(Setting const& setting,
                                        std::vector<PipelineStage const*> const& stages) const {
    std::unordered_set<StageDeclaration const*> seen;
    std::optional<OptionValue> common;
    for (PipelineStage const* const stage : stages) {
      StageDeclaration const& declaration = *stage->declaration;
      if (!seen.insert(&declaration).second) continue;
      auto const option = find_option(declaration, setting.key);
      if (!option) return std::nullopt;
      std::vector<Problem> problems;
      auto value = read_option(setting, declaration.options[*option], "", environment_, problems);
      if (!value || (common && value != common)) return std::nullopt;
      common = std::move(value);
    }
    return common;
  }

  std::string as_written(toml::node const& node) const {
    if (auto const text = node.as_string()) {
      return resolved_text(expand(text->get(), environment_));
    }
    std::string text;
    if (auto const* const table = node.as_table()) {
      for (auto const& [key, value] : *table) {
        text += (text.empty() ? " " : ", ") + toml_string(key.str()) + " = " + as_written(value);
      }
      return "{" + text + " }";
    }
    if (auto const* const list = node.as_array()) {
      for (toml::node const& each : *list) text += (text.empty() ? "" : ", ") + as_written(each);
      return "[" + text + "]";
    }
    auto const number = node.as_floating_point();
    return number ? toml_text(number->get()) : text_of(node);
  }

  Document const& document_;
  Environment const& environment_;
  std::vector<std::vector<Use>> uses_;  // by stage
  // The stages that have a setting, by its value.
  std::unordered_map<toml::node const*, std::vector<PipelineStage const*>> having_;
};

}  // namespace

std::string sweep_text(Document const& document, Sweep& sweep, Pipeline const& pipeline,
                       Environment const& environment) {
  return SweepText(document, sweep, pipeline, environment).text();
}

}  // namespace seplflow
