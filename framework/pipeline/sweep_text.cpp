#include "pipeline/sweep_text.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "data/number_text.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/resolved.hpp"
#include "pipeline/sweep_names.hpp"

namespace seplflow {
namespace {

Setting const* find_in(std::vector<Setting> const& settings, std::string_view key) {
  auto const found = std::ranges::find(settings, key, &Setting::key);
  return found == settings.end() ? nullptr : &*found;
}

bool is_wiring(std::string_view key) {
  return key == "use" || key == "in" || key == "on_error";
}

template <class T, class F>
std::string joined(std::vector<T> const& values, F const& to_text) {
  std::string text;
  for (T const& value : values) text += (text.empty() ? "" : "-") + to_text(value);
  return text;
}

// What text_of() will say of the value once it is read back.
std::string text_again(OptionValue const& value) {
  struct ToText {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return shortest(v); }
    std::string operator()(std::string const& v) const { return escape_expansion(v); }
    std::string operator()(std::vector<double> const& v) const { return joined(v, shortest); }
    std::string operator()(std::vector<std::string> const& v) const {
      return joined(v, escape_expansion);
    }
  };
  return std::visit(ToText(), value);
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
        for (Setting const& setting : entry.settings) effective_.emplace(setting.value, &node);
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
      if (is_wiring(setting.key) && effective_.contains(setting.value)) {
        text += setting.key + " = " + as_written(*setting.value) + "\n";
      }
    }
    for (auto const& [name, value] : own_options(i, nullptr, base.settings)) {
      text += name + " = " + resolved_text(value) + "\n";
    }
    return text;
  }

  // The options of a stage, as set by itself (`table` null) or by the table that swaps it, that the
  // rest of the sweep leaves alone and that have one value in all variants.
  std::vector<std::pair<std::string, OptionValue>> own_options(
      std::size_t stage, toml::node const* table, std::vector<Setting> const& settings) const {
    std::vector<Use> uses;
    for (Use const& use : uses_[stage]) {
      if (use.entry->swapped_by == table) uses.push_back(use);
    }
    std::vector<std::pair<std::string, OptionValue>> options;
    std::set<std::string> seen;
    for (Use const& use : uses) {
      StageDeclaration const& declaration = *use.node->declaration;
      // Other uses of this declaration have no other options.
      if (!seen.insert(declaration.name).second) continue;
      for (OptionDeclaration const& option : declaration.options) {
        bool const is_new = std::ranges::find(options, option.name, [](auto const& each) {
                              return each.first;
                            }) == options.end();
        auto value = is_new ? own_option(uses, option.name, settings) : std::nullopt;
        if (value) options.emplace_back(option.name, std::move(*value));
      }
    }
    return options;
  }

  static std::optional<OptionValue> own_option(std::vector<Use> const& uses,
                                               std::string const& name,
                                               std::vector<Setting> const& settings) {
    Setting const* const own = find_in(settings, name);
    std::optional<OptionValue> common;
    bool first = true;
    for (Use const& use : uses) {
      Setting const* const set = use.entry->find(name);
      if (set && (!own || set->value != own->value)) continue;
      auto const option = find_option(*use.node->declaration, name);
      if (!option) return std::nullopt;
      auto value = use.node->instance->option(*option);
      if (!value || (!first && value != common)) return std::nullopt;
      common = std::move(value);
      first = false;
    }
    return common;
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
    Setting const& setting = value.change.settings[0];
    std::string text = resolved(setting).value_or("\"\"");
    auto const option = option_of(setting);
    std::string const again = option ? text_again(*option) : text_of(*setting.value);
    if (again == value.text) return text;
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
        add(key, resolved_text(value));
      }
    }
    return "{" + text + " }";
  }

  std::optional<OptionValue> option_of(Setting const& setting) const {
    auto const node = effective_.find(setting.value);
    if (is_wiring(setting.key) || node == effective_.end()) return std::nullopt;
    auto const option = find_option(*node->second->declaration, setting.key);
    return option ? node->second->instance->option(*option) : std::nullopt;
  }

  // Nothing for what no variant has.
  std::optional<std::string> resolved(Setting const& setting) const {
    if (!effective_.contains(setting.value)) return std::nullopt;
    if (auto const option = option_of(setting)) return resolved_text(*option);
    return as_written(*setting.value);
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
    return toml_string(text_of(node));
  }

  Document const& document_;
  Environment const& environment_;
  std::vector<std::vector<Use>> uses_;  // by stage
  std::unordered_map<toml::node const*, PipelineStage const*> effective_;
};

}  // namespace

std::string sweep_text(Document const& document, Sweep& sweep, Pipeline const& pipeline,
                       Environment const& environment) {
  return SweepText(document, sweep, pipeline, environment).text();
}

}  // namespace seplflow
