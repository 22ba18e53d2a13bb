#include "cli/stage_text.hpp"

#include "pipeline/option_text.hpp"

namespace seplflow::cli {
namespace {

char const* type_word(OptionType type) {
  constexpr char const* kWords[] = {"boolean", "integer", "number",  "string",
                                    "path",    "numbers", "strings", "integers"};
  static_assert(std::size(kWords) == std::size_t(OptionType::integers) + 1);
  return kWords[static_cast<std::size_t>(type)];
}

Json ports_json(std::vector<Port> const& ports) {
  Json list = Json::array();
  for (Port const& port : ports) {
    list.push_back({{"name", port.name}, {"type", port.type}, {"optional", port.optional}});
  }
  return list;
}

Json option_json(OptionDeclaration const& option) {
  Json json = {{"name", option.name},
               {"type", type_word(option.type)},
               {"help", option.help},
               {"required", option.required}};
  if (option.default_value) json["default"] = to_json(*option.default_value);
  if (option.minimum) json["minimum"] = *option.minimum;
  if (option.maximum) json["maximum"] = *option.maximum;
  if (!option.unit.empty()) json["unit"] = option.unit;
  if (!option.choices.empty()) json["choices"] = option.choices;
  return json;
}

// A cell of a Markdown table: its bars would end it.
std::string cell(std::string const& text) {
  std::string escaped;
  for (char const c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string sentence(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string kind_text(StageDeclaration const& stage) {
  return std::string(to_string(stage.kind)) + (stage.ordered  ? ", in data set order"
                                             : stage.serial ? ", one sample at a time"
                                                            : "") +
         (stage.loads ? ", loads files" : "");
}

std::string optional_text(Port const& port) {
  if (!port.optional) return "";
  return port.by_default ? "optional, connected to the data set by default" : "optional";
}

std::string on_request_text(Port const& port) {
  return port.optional ? "made only if a stage uses it" : "";
}

// Empty without ports. The first output is the default.
std::string port_table(std::string const& title, std::vector<Port> const& ports, bool outputs) {
  if (ports.empty()) return "";
  std::string table = "\n## " + title + "\n\n| Name | Type | |\n|---|---|---|\n";
  for (Port const& port : ports) {
    std::string note = outputs ? on_request_text(port) : optional_text(port);
    if (outputs && &port == &ports.front()) note = "default";
    table += "| `" + port.name + "` | " + port.type + " | " + note + " |\n";
  }
  return table;
}

std::string default_text(OptionDeclaration const& option) {
  if (option.required) return "required";
  return option.default_value ? "`" + shown_text(*option.default_value) + "`" : "not set";
}

}  // namespace

Json to_json(OptionValue const& value) {
  return std::visit([](auto const& each) { return Json(each); }, value);
}

std::string stage_page(StageDeclaration const& stage) {
  std::string page =
      "# " + stage.name + "\n\n" + stage.summary + ".\n\nKind: " + kind_text(stage) + ".\n";
  if (!stage.details.empty()) page += "\n" + stage.details + "\n";
  page += port_table("Inputs", stage.inputs, false) + port_table("Outputs", stage.outputs, true);
  if (!stage.options.empty()) {
    page += "\n## Options\n\n| Name | Takes | Default | |\n|---|---|---|---|\n";
    for (OptionDeclaration const& option : stage.options) {
      page += "| `" + option.name + "` | " + cell(accepted_values(option)) + " | " +
              cell(default_text(option)) + " | " + cell(sentence(option.help)) + " |\n";
    }
  }
  return page;
}

std::string stage_description(StageDeclaration const& stage) {
  std::string text = stage.name + " (" + kind_text(stage) + ")\n  " + stage.summary + "\n";
  if (!stage.missing_library.empty()) text += "  not built: needs " + stage.missing_library + "\n";
  auto const ports = [&](char const* title, std::vector<Port> const& list, auto note_of) {
    if (!list.empty()) text += std::string("\n") + title + "\n";
    for (Port const& port : list) {
      std::string const note = note_of(port);
      text += "  " + port.name + ": " + port.type + (note.empty() ? "" : ", " + note) + "\n";
    }
  };
  ports("inputs", stage.inputs, optional_text);
  ports("outputs", stage.outputs, on_request_text);
  if (!stage.options.empty()) text += "\noptions\n";
  for (OptionDeclaration const& option : stage.options) {
    text += "  " + option.name + " (" + describe_option(option) + ")\n      " + option.help + "\n";
  }
  if (!stage.details.empty()) text += "\n" + stage.details + "\n";
  return text;
}

Json stage_json(StageDeclaration const& stage) {
  Json options = Json::array();
  for (OptionDeclaration const& option : stage.options) options.push_back(option_json(option));
  Json json = {{"name", stage.name},
               {"kind", to_string(stage.kind)},
               {"summary", stage.summary},
               {"serial", stage.serial},
               {"loads", stage.loads},
               {"inputs", ports_json(stage.inputs)},
               {"outputs", ports_json(stage.outputs)},
               {"options", options}};
  if (!stage.missing_library.empty()) json["lacks"] = stage.missing_library;
  return json;
}

}  // namespace seplflow::cli
