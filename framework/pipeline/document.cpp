#include "pipeline/document.hpp"

#include <algorithm>

namespace seplflow {
namespace {

Place place_of(std::shared_ptr<SourceText const> const& source, toml::source_region const& region) {
  return {source, std::max<std::uint32_t>(1, region.begin.line),
          std::max<std::uint32_t>(1, region.begin.column)};
}

// toml++ sorts tables by key; what a reader sees is the order of the file.
std::vector<Setting> settings_of(toml::table const& table,
                                 std::shared_ptr<SourceText const> const& source,
                                 std::filesystem::path const& base) {
  std::vector<Setting> settings;
  for (auto const& [key, value] : table) {
    settings.push_back({std::string(key.str()), place_of(source, key.source()),
                        place_of(source, value.source()), &value, "", base});
  }
  std::ranges::stable_sort(settings, {}, [](Setting const& setting) {
    return std::pair(setting.place.line, setting.place.column);
  });
  return settings;
}

bool is_stage_name(std::string const& name) {
  auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto const other = [](char c) { return (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || other(c); });
}

// What makes a line of TOML of an argument's value.
constexpr std::string_view kArgumentPrefix = "value = ";

constexpr std::string_view kReservedNames[] = {"variants", "sweep",  "run",
                                               "metrics",  "ledger", "pipeline"};

class Reader {
 public:
  Reader(PipelineRequest const& request, std::vector<Problem>& problems)
      : request_(request), problems_(problems) {}

  Document read(std::string text) {
    document_.source =
        std::make_shared<SourceText>(SourceText{request_.file.string(), std::move(text)});
    toml::table const& table = parse(document_.source);
    auto const base = std::filesystem::absolute(request_.file).parent_path();
    for (Setting const& setting : settings_of(table, document_.source, base)) top_level(setting);
    for (Override const& each : request_.overrides) apply(each, ++arguments_);
    return std::move(document_);
  }

 private:
  toml::table const& parse(std::shared_ptr<SourceText const> const& source) {
    try {
      document_.storage.push_back(toml::parse(source->text, source->name));
      return document_.storage.back();
    } catch (toml::parse_error const& error) {
      throw PipelineError({{place_of(source, error.source()), std::string(error.description())}});
    }
  }

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void top_level(Setting const& setting) {
    if (setting.key == "name") {
      document_.name = setting;
    } else if (setting.key == "stages") {
      if (auto const* const table = table_of(setting)) {
        for (Setting const& stage : settings_of(*table, document_.source, setting.base)) {
          add_stage(stage);
        }
      }
    } else if (setting.key == "run") {
      if (auto const* const table = table_of(setting)) {
        document_.run = settings_of(*table, document_.source, setting.base);
      }
    } else {
      complain(setting.place, "a pipeline file has no \"" + setting.key + "\"" +
                                  did_you_mean(setting.key, {"name", "stages", "run"}) +
                                  " (it has name, [stages.NAME] and [run])");
    }
  }

  toml::table const* table_of(Setting const& setting) {
    auto const* const table = setting.value->as_table();
    if (!table) {
      complain(setting.value_place, "\"" + setting.key + "\" must be a table, written [" +
                                        setting.key + (setting.key == "stages" ? ".NAME]" : "]"));
    }
    return table;
  }

  void add_stage(Setting const& setting) {
    if (!is_stage_name(setting.key)) {
      complain(setting.place, "\"" + setting.key +
                                  "\" cannot name a stage: a letter comes first, then letters, "
                                  "digits, \"_\" and \"-\"");
    } else if (std::ranges::find(kReservedNames, setting.key) != std::end(kReservedNames)) {
      complain(setting.place,
               "a stage cannot be called \"" + setting.key + "\": the run folder uses that name");
    }
    auto const* const table = setting.value->as_table();
    if (!table) {
      complain(setting.value_place,
               "a stage must be a table, written [stages." + setting.key + "]");
      return;
    }
    document_.stages.push_back(
        {setting.key, setting.place, settings_of(*table, document_.source, setting.base)});
  }

  // "stage.option=value" or "run.key=value"
  void apply(Override const& override, std::size_t number) {
    auto const source =
        std::make_shared<SourceText>(SourceText{"--set", override.argument, number});
    std::string const& text = override.argument;
    std::size_t const equals = text.find('=');
    std::size_t const dot = text.substr(0, equals).find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 == equals) {
      complain({source}, "an override is written stage.option=value, for example select.t1=0.4");
      return;
    }
    std::string const stage = text.substr(0, dot);
    Setting setting;
    setting.key = text.substr(dot + 1, equals - dot - 1);
    setting.place = {source, 1, static_cast<std::uint32_t>(dot + 2)};
    setting.value_place = {source, 1, static_cast<std::uint32_t>(equals + 2)};
    setting.raw = text.substr(equals + 1);
    setting.value = value_of(setting.raw);
    setting.base = request_.working_folder;

    if (stage == "run") {
      replace(document_.run, std::move(setting));
      return;
    }
    auto const found = std::ranges::find(document_.stages, stage, &StageEntry::name);
    if (found == document_.stages.end()) {
      std::vector<std::string> names = {"run"};
      for (StageEntry const& entry : document_.stages) names.push_back(entry.name);
      std::string const hint = did_you_mean(stage, names);
      complain({source}, "the pipeline has no stage \"" + stage + "\"" +
                             (hint.empty() ? " (it has " + quoted_list(names) + ")" : hint));
      return;
    }
    replace(found->settings, std::move(setting));
  }

  // What is no TOML value is a string; whether one fits is for the option to say.
  toml::node const* value_of(std::string const& raw) {
    try {
      document_.storage.push_back(toml::parse(std::string(kArgumentPrefix) + raw));
      if (document_.storage.back().size() == 1) return document_.storage.back().get("value");
    } catch (toml::parse_error const&) {
    }
    document_.storage.emplace_back();
    document_.storage.back().insert("value", raw);
    return document_.storage.back().get("value");
  }

  static void replace(std::vector<Setting>& settings, Setting setting) {
    auto const found = std::ranges::find(settings, setting.key, &Setting::key);
    if (found == settings.end()) {
      settings.push_back(std::move(setting));
    } else {
      *found = std::move(setting);
    }
  }

  PipelineRequest const& request_;
  std::vector<Problem>& problems_;
  Document document_;
  std::size_t arguments_ = 0;
};

}  // namespace

Setting nested(Setting const& table, toml::key const& key, toml::node const& value) {
  auto const place = [&](toml::source_region const& region) {
    Place inner = place_of(table.place.source, region);
    if (table.from_argument()) {
      inner.column += table.value_place.column - (kArgumentPrefix.size() + 1);
    }
    return inner;
  };
  return {
      std::string(key.str()), place(key.source()), place(value.source()), &value, "", table.base};
}

Setting const* StageEntry::find(std::string_view key) const {
  auto const found = std::ranges::find(settings, key, &Setting::key);
  return found == settings.end() ? nullptr : &*found;
}

Document read_document(std::string text, PipelineRequest const& request,
                       std::vector<Problem>& problems) {
  return Reader(request, problems).read(std::move(text));
}

}  // namespace seplflow
