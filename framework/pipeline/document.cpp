#include "pipeline/document.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace seplflow {
namespace {

Place place_of(std::shared_ptr<SourceText const> const& source, toml::source_region const& region) {
  return {source, std::max<std::uint32_t>(1, region.begin.line),
          std::max<std::uint32_t>(1, region.begin.column)};
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

// Of a stage. File systems allow 255 bytes for a name, and "NAME.csv" is one.
constexpr std::size_t kLongestStage = 240;

Place place_in(Setting const& outer, toml::source_region const& region) {
  Place place = place_of(outer.place.source, region);
  if (outer.from_argument()) {
    place.column += outer.value_place.column - (kArgumentPrefix.size() + 1);
  }
  return place;
}

class Reader {
 public:
  Reader(PipelineRequest const& request, std::vector<Problem>& problems)
      : request_(request), problems_(problems) {}

  Document read(std::string text) {
    document_.source =
        std::make_shared<SourceText>(SourceText{request_.file.string(), std::move(text)});
    Setting file;
    file.place = file.value_place = {document_.source};
    file.value = &parse(document_.source);
    file.base = std::filesystem::absolute(request_.file).parent_path();
    for (Setting const& setting : settings_of(file)) top_level(setting);
    return std::move(document_);
  }

 private:
  toml::table const& parse(std::shared_ptr<SourceText const> const& source) {
    try {
      document_.storage.push_back(parsed_toml(source->text, source->name));
      return document_.storage.back();
    } catch (toml::parse_error const& error) {
      throw PipelineError({{place_of(source, error.source()), syntax_error(error, *source)}});
    }
  }

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void top_level(Setting const& setting) {
    constexpr std::string_view kTables[] = {"stages", "run", "sweep", "published"};
    bool const needs_table = std::ranges::find(kTables, setting.key) != std::end(kTables);
    if (needs_table && !setting.value->is_table()) {
      complain(setting.value_place, "\"" + setting.key + "\" must be a table, written [" +
                                        setting.key + (setting.key == "stages" ? ".NAME]" : "]"));
    } else if (setting.key == "name") {
      document_.name = setting;
    } else if (setting.key == "stages") {
      for (Setting const& stage : settings_of(setting)) add_stage(stage);
    } else if (setting.key == "run") {
      document_.run = settings_of(setting);
    } else if (setting.key == "sweep") {
      document_.sweep = setting;
    } else if (setting.key == "published") {
      document_.published = settings_of(setting);
    } else if (setting.key == "variant") {
      document_.variant = setting;
    } else {
      complain(setting.place,
               "a pipeline file has no \"" + setting.key + "\"" +
                   did_you_mean(setting.key,
                                {"name", "stages", "run", "sweep", "variant", "published"}) +
                   " (it has name, [stages.NAME], [run], [sweep], [[variant]] and [published])");
    }
  }

  void add_stage(Setting const& setting) {
    if (!is_stage_name(setting.key)) {
      complain(setting.place,
               "\"" + setting.key +
                   "\" is not a valid stage name: it must be a letter, then letters, "
                   "digits, \"_\" and \"-\"");
    } else if (std::ranges::find(kReservedNames, setting.key) != std::end(kReservedNames)) {
      complain(setting.place,
               "a stage cannot be called \"" + setting.key + "\": the run folder uses that name");
    }
    if (setting.key.size() > kLongestStage) {
      complain(setting.place, "the name of a stage cannot be longer than " +
                                  std::to_string(kLongestStage) +
                                  " bytes, because files are named after it; this one has " +
                                  std::to_string(setting.key.size()));
    }
    if (!setting.value->is_table()) {
      complain(setting.value_place,
               "a stage must be a table, written [stages." + setting.key + "]");
      return;
    }
    document_.stages.push_back({setting.key, setting.place, settings_of(setting)});
  }

  PipelineRequest const& request_;
  std::vector<Problem>& problems_;
  Document document_;
};

// What parts of the sentences of toml++ mean to users; the first that fits counts.
constexpr std::pair<std::string_view, std::string_view> kSyntaxErrors[] = {
    {"array: encountered end-of-file", "the list is not closed; add the missing \"]\""},
    {"parsing array", "expected \",\" or \"]\": the list is not closed, or a comma is missing"},
    {"dangling comma", "a table in braces cannot end with a comma"},
    {"parsing inline table",
     "the table in braces is not closed; write it in one line: { key = value, ... }"},
    {"table header: expected ']'", "the \"]\" after the name of the table is missing"},
    {"blank bare keys", "the name of the table is missing: [stages.NAME]"},
    {"value type", "this is not a value; a string needs quotes: \"...\""},
    {"parsing boolean", "this is not a value; write true or false, or a string in quotes"},
    {"expected '='", "expected \"=\" after the key: key = value"},
    {"expected value", "the value is missing: key = value"},
    {"expected a comment", "unexpected text at the end of the line"},
    {"parsing root table", "expected key = value or [stages.NAME]"},
    {"escape sequence", "write a backslash twice, or the string in single quotes: '...'"},
    {"too many parts", "the key has too many parts between dots"},
    {"leading zeroes", "a number cannot begin with 0"},
    {"not representable", "the number is too large"},
    {"integer", "this is not a number; a string needs quotes: \"...\""},
    {"floating-point", "this is not a number; a string needs quotes: \"...\""},
    {"utf-8", "the file is not valid UTF-8"},
};

}  // namespace

namespace {

// Passes over the string or comment that begins at `i`, if one does, and returns its last byte.
std::size_t end_of_text(std::string_view toml, std::size_t i) {
  char const quote = toml[i];
  if (quote == '#') return std::min(toml.find('\n', i), toml.size()) - 1;
  if (quote != '"' && quote != '\'') return i;
  std::string const triple(3, quote);
  std::string_view const end = toml.substr(i, 3) == triple ? std::string_view(triple)
                                                           : std::string_view(triple).substr(0, 1);
  for (i += end.size(); i < toml.size(); ++i) {
    if (toml[i] == '\\' && quote == '"') {
      ++i;
    } else if (toml.substr(i, end.size()) == end || (end.size() == 1 && toml[i] == '\n')) {
      return i + end.size() - 1;
    }
  }
  return toml.size();
}

}  // namespace

toml::table parsed_toml(std::string const& text, std::string const& name) {
  constexpr std::size_t kMostParts = 100;
  std::size_t dots = 0;
  toml::source_position place{1, 1};
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t const end = end_of_text(text, i);
    if (std::string_view("\n=,[]{}").find(text[i]) != std::string_view::npos) dots = 0;
    if (text[i] == '.' && ++dots >= kMostParts) {
      throw toml::parse_error("a key has too many parts", {place, place, nullptr});
    }
    place.line += static_cast<toml::source_index>(std::count(
        text.begin() + static_cast<std::ptrdiff_t>(i),
        text.begin() + static_cast<std::ptrdiff_t>(std::min(end + 1, text.size())), '\n'));
    i = end;
  }
  return toml::parse(text, name);
}

std::string syntax_error(toml::parse_error const& error, SourceText const& source) {
  std::string_view const text = error.description();
  auto const says = [&](std::string_view part) { return text.find(part) != text.npos; };
  auto const& place = error.source().begin;
  bool const at_end = place.column > character_count(source.line(place.line));
  if (says("string: ") && (at_end || says("end-of-file"))) {
    return "the string is not closed; add the missing quote";
  }
  if (says("string: ") && says("control characters")) {
    return "a string cannot contain control characters";
  }
  if (says("redefine existing")) {
    std::size_t const quote = text.find('\'') + 1;
    return "\"" + std::string(text.substr(quote, text.find('\'', quote) - quote)) +
           "\" is defined twice";
  }
  for (auto const& [part, meaning] : kSyntaxErrors) {
    if (says(part)) return std::string(meaning);
  }
  std::size_t const colon = text.find(": ");
  return "invalid TOML: " + std::string(colon == text.npos ? text : text.substr(colon + 2));
}

Setting read_argument(std::string flag, std::string const& argument, std::size_t number,
                      std::filesystem::path const& working_folder) {
  auto const source = std::make_shared<SourceText>(SourceText{std::move(flag), argument, number});
  Setting setting;
  setting.place = setting.value_place = {source};
  setting.base = working_folder;
  std::size_t const equals = argument.find('=');
  if (equals == std::string::npos) return setting;
  setting.key = argument.substr(0, equals);
  setting.value_place.column = static_cast<std::uint32_t>(equals + 2);
  setting.raw = argument.substr(equals + 1);
  return setting;
}

Setting nested(Setting const& table, toml::key const& key, toml::node const& value) {
  return {std::string(key.str()),
          place_in(table, key.source()),
          place_in(table, value.source()),
          &value,
          {},
          table.base};
}

Setting element(Setting const& list, toml::node const& value) {
  return {list.key, list.place, place_in(list, value.source()), &value, {}, list.base};
}

// toml++ sorts tables by key; users expect the order of the file.
std::vector<Setting> settings_of(Setting const& table) {
  std::vector<Setting> settings;
  for (auto const& [key, value] : *table.value->as_table()) {
    settings.push_back(nested(table, key, value));
  }
  std::ranges::stable_sort(settings, {}, &Setting::place);
  return settings;
}

Setting const* find(std::vector<Setting> const& settings, std::string_view key) {
  auto const found = std::ranges::find(settings, key, &Setting::key);
  return found == settings.end() ? nullptr : &*found;
}

void replace(std::vector<Setting>& settings, Setting setting) {
  auto const found = std::ranges::find(settings, setting.key, &Setting::key);
  if (found == settings.end()) {
    settings.push_back(std::move(setting));
  } else {
    *found = std::move(setting);
  }
}

toml::node const* Document::add_value(std::string const& raw) {
  try {
    storage.push_back(parsed_toml(std::string(kArgumentPrefix) + raw, ""));
    if (storage.back().size() == 1) return storage.back().get("value");
  } catch (toml::parse_error const&) {
  }
  storage.emplace_back();
  storage.back().insert("value", raw);
  return storage.back().get("value");
}

std::optional<std::size_t> Document::find_stage(std::string_view called) const {
  auto const found = std::ranges::find(stages, called, &StageEntry::name);
  if (found == stages.end()) return std::nullopt;
  return static_cast<std::size_t>(found - stages.begin());
}

std::vector<std::string> Document::stage_names() const {
  std::vector<std::string> names;
  for (StageEntry const& stage : stages) names.push_back(stage.name);
  return names;
}

std::string Document::quoted(std::size_t stage, std::string const& option) const {
  return "\"" + stages[stage].name + "." + option + "\"";
}

Setting const* StageEntry::find(std::string_view key) const {
  return seplflow::find(settings, key);
}

Document read_document(std::string text, PipelineRequest const& request,
                       std::vector<Problem>& problems) {
  return Reader(request, problems).read(std::move(text));
}

}  // namespace seplflow
