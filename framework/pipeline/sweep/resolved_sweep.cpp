#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/sweep/expand.hpp"
#include "pipeline/sweep/read_sweep.hpp"

namespace seplflow {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;  // keys and values, as TOML

std::string inline_table(Lines const& lines) {
  std::string text;
  for (auto const& [key, value] : lines) {
    text.append(text.empty() ? " " : ", ").append(key).append(" = ").append(value);
  }
  return "{" + text + " }";
}

// The value that `value_of` returns for each of the stages, if it is the same for all of them.
template <class ValueOf>
std::optional<OptionValue> common(std::vector<PipelineStage const*> const& stages,
                                  ValueOf const& value_of) {
  std::optional<OptionValue> common;
  for (PipelineStage const* const stage : stages) {
    auto value = value_of(*stage);
    if (!value || (common && value != common)) return std::nullopt;
    common = std::move(value);
  }
  return common;
}

// The value that configured stages have, which may differ from the one that was set.
std::optional<OptionValue> configured(std::vector<PipelineStage const*> const& stages,
                                      std::string_view name) {
  return common(stages, [&](PipelineStage const& stage) {
    auto const option = find_option(*stage.declaration, name);
    return option ? stage.instance->option(*option) : std::nullopt;
  });
}

// Null if the variant does not use the stage.
PipelineStage const* find_stage(Pipeline const& pipeline, Variant const& variant,
                                std::string const& name) {
  auto const found = std::ranges::find(variant.stages, name, [&](std::size_t s) -> auto const& {
    return pipeline.stages[s].name;
  });
  return found == variant.stages.end() ? nullptr : &pipeline.stages[*found];
}

class SweepText {
 public:
  SweepText(Document const& document, Sweep& sweep, Pipeline const& pipeline,
            Environment const& environment)
      : document_(document), environment_(environment), best_by_(pipeline.best_by) {
    std::set<std::pair<StageEntry const*, PipelineStage const*>> seen;
    uses_.resize(document.stages.size());
    for (std::size_t variant = 0; variant < pipeline.variants.size(); ++variant) {
      for (std::size_t stage = 0; stage < document.stages.size(); ++stage) {
        StageEntry const& entry = sweep.entry(variant, stage).settings;
        PipelineStage const* const used =
            find_stage(pipeline, pipeline.variants[variant], document.stages[stage].name);
        if (!used) continue;
        PipelineStage const& node = *used;
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
    if (document_.axes.empty() && best_by_.empty()) return text;
    text += "\n[sweep]\n";
    if (!best_by_.empty()) text += "best_by = " + resolved_text(best_by_) + "\n";
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
    Lines lines;
    for (Setting const& setting : base.settings) {
      if (is_wiring(setting.key)) add(lines, setting.key, setting);
    }
    add_options(lines, i, nullptr, base.settings);
    std::string text = "\n[stages." + base.name + "]\n";
    for (auto const& [key, value] : lines)
      text.append(key).append(" = ").append(value).append("\n");
    return text;
  }

  std::string variant(NamedVariant const& variant) const {
    Lines set;
    for (Change const& change : variant.changes) {
      std::string const& stage = document_.stages[change.stage].name;
      if (change.swaps) {
        set.emplace_back(toml_string(stage), table(change));
        continue;
      }
      for (Setting const& setting : change.settings) {
        add(set, toml_string(stage + "." + setting.key), setting);
      }
    }
    std::string const text = "\n[[variant]]\nname = " + resolved_text(variant.name) + "\n";
    return set.empty() ? text : text + "set = " + inline_table(set) + "\n";
  }

  std::string axis(AxisEntry const& axis) const {
    std::string text = toml_string(axis.key) + " = [";
    for (Change const& each : axis.values) {
      if (&each != &axis.values.front()) text += ",";
      if (axis.values.size() > 1) text += "\n  ";
      text += axis.is_whole() ? table(each) : value(each);
    }
    return text + (axis.values.size() > 1 ? ",\n]\n" : "]\n");
  }

  // A value of an option, with its name if variants would get another from the value alone.
  std::string value(Change const& change) const {
    Setting const& setting = change.settings[0];
    auto const option = option_value(setting);
    std::string const text = option ? resolved_text(*option) : as_written(*setting.value);
    std::string const name =
        escape_expansion(option ? text_of(*option) : expand(text_of(*setting.value), environment_));
    bool const looks_named =
        setting.value->is_table() && setting.value->as_table()->contains("value");
    if (name == change.text && !looks_named) return text;
    return "{ name = " + resolved_text(change.text) + ", value = " + text + " }";
  }

  std::string table(Change const& change) const {
    Lines lines;
    if (!change.text.empty()) lines.emplace_back("name", resolved_text(change.text));
    for (Setting const& setting : change.settings) {
      if (!change.swaps || is_wiring(setting.key)) add(lines, setting.key, setting);
    }
    if (change.swaps) add_options(lines, change.stage, change.origin.value, change.settings);
    return inline_table(lines);
  }

  // Adds the options of a stage, as set by itself (`table` null) or by the table that swaps it:
  // those that are written there, and those that have one value wherever they are not set.
  void add_options(Lines& lines, std::size_t stage, toml::node const* table,
                   std::vector<Setting> const& settings) const {
    std::set<StageDeclaration const*> seen;
    for (Use const& use : uses_[stage]) {
      if (use.entry->swapped_by != table || !seen.insert(use.node->declaration).second) continue;
      for (OptionDeclaration const& option : use.node->declaration->options) {
        if (std::ranges::find(lines, option.name, &Lines::value_type::first) != lines.end())
          continue;
        if (Setting const* const own = find(settings, option.name)) {
          add(lines, option.name, *own);
        } else if (auto const value = value_where_not_set(stage, table, option.name)) {
          lines.emplace_back(option.name, resolved_text(*value));
        }
      }
    }
  }

  std::optional<OptionValue> value_where_not_set(std::size_t stage, toml::node const* table,
                                                 std::string_view option) const {
    std::vector<PipelineStage const*> stages;
    for (Use const& use : uses_[stage]) {
      if (use.entry->swapped_by == table && !use.entry->find(option)) stages.push_back(use.node);
    }
    return configured(stages, option);
  }

  // Adds nothing for a setting that no variant has.
  void add(Lines& lines, std::string const& key, Setting const& setting) const {
    if (!having_.contains(setting.value)) return;
    auto const value = option_value(setting);
    lines.emplace_back(key, value ? resolved_text(*value) : as_written(*setting.value));
  }

  // The value that the setting has in all stages; if stages complete it to different values, the
  // one that is set.
  std::optional<OptionValue> option_value(Setting const& setting) const {
    auto const having = having_.find(setting.value);
    if (having == having_.end() || is_wiring(setting.key)) return std::nullopt;
    if (auto value = configured(having->second, setting.key)) return value;
    std::map<StageDeclaration const*, std::optional<OptionValue>> values;
    return common(having->second, [&](PipelineStage const& stage) {
      auto const [known, is_new] = values.emplace(stage.declaration, std::nullopt);
      auto const option = find_option(*stage.declaration, setting.key);
      std::vector<Problem> problems;
      if (is_new && option) {
        known->second =
            read_option(setting, stage.declaration->options[*option], "", environment_, problems);
      }
      return known->second;
    });
  }

  std::string as_written(toml::node const& node) const {
    if (auto const text = node.as_string()) return resolved_text(expand(text->get(), environment_));
    if (auto const number = node.as_floating_point()) return toml_text(number->get());
    if (auto const* const table = node.as_table()) {
      Lines lines;
      for (auto const& [key, value] : *table) {
        lines.emplace_back(toml_string(key.str()), as_written(value));
      }
      return inline_table(lines);
    }
    auto const* const list = node.as_array();
    if (!list) return text_of(node);
    std::string text;
    for (toml::node const& each : *list) text += (text.empty() ? "" : ", ") + as_written(each);
    return "[" + text + "]";
  }

  Document const& document_;
  Environment const& environment_;
  std::string const& best_by_;
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
