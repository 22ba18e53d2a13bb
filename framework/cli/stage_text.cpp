#include "cli/stage_text.hpp"

#include "pipeline/option_text.hpp"
#include "pipeline/run_options.hpp"

namespace seplflow::cli {
namespace {

char const* type_word(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "boolean";
    case OptionType::integer:
      return "integer";
    case OptionType::number:
      return "number";
    case OptionType::text:
      return "string";
    case OptionType::path:
      return "path";
    case OptionType::numbers:
      return "numbers";
    case OptionType::texts:
      return "strings";
  }
  return "";
}

Json to_json(OptionValue const& value) {
  return std::visit([](auto const& each) { return Json(each); }, value);
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

Json element_schema(OptionDeclaration const& option, char const* type) {
  Json schema = {{"type", type}};
  if (option.minimum) schema["minimum"] = *option.minimum;
  if (option.maximum) schema["maximum"] = *option.maximum;
  if (!option.choices.empty()) schema["enum"] = option.choices;
  return schema;
}

Json option_schema(OptionDeclaration const& option) {
  Json schema;
  switch (option.type) {
    case OptionType::numbers:
    case OptionType::texts: {
      Json const element =
          element_schema(option, option.type == OptionType::numbers ? "number" : "string");
      schema["anyOf"] = Json::array({element, {{"type", "array"}, {"items", element}}});
      break;
    }
    case OptionType::path:
      schema = element_schema(option, "string");
      break;
    default:
      schema = element_schema(option, type_word(option.type));
  }
  schema["description"] = option.help + " (" + describe(option) + ")";
  if (option.default_value) schema["default"] = to_json(*option.default_value);
  return schema;
}

Json stage_schema(StageDeclaration const& stage) {
  Json properties = {{"use", {{"const", stage.name}}}};
  Json required = Json::array({"use"});
  if (!stage.inputs.empty()) {
    Json wires = Json::object();
    for (Port const& port : stage.inputs) {
      wires[port.name] = {{"type", "string"}, {"description", port.type}};
    }
    properties["in"]["anyOf"] =
        Json::array({{{"type", "string"}},
                     {{"type", "object"}, {"properties", wires}, {"additionalProperties", false}}});
    required.push_back("in");
  }
  properties["on_error"] = option_schema(find_run_option("on_error")->declaration);
  for (OptionDeclaration const& option : stage.options) {
    properties[option.name] = option_schema(option);
    if (option.required) required.push_back(option.name);
  }
  return {{"type", "object"},
          {"description", stage.summary},
          {"properties", properties},
          {"required", required},
          {"additionalProperties", false}};
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

std::string port_rows(std::vector<Port> const& ports, bool outputs) {
  std::string rows;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::string const note = outputs             ? (i == 0 ? "default" : "")
                             : ports[i].optional ? "optional"
                                                 : "";
    rows += "| `" + ports[i].name + "` | " + ports[i].type + " | " + note + " |\n";
  }
  return rows;
}

}  // namespace

std::string stage_page(StageDeclaration const& stage) {
  std::string page = "# " + stage.name + "\n\n" + stage.summary +
                     ".\n\nKind: " + std::string(to_string(stage.kind)) +
                     (stage.serial ? ", one sample at a time" : "") + ".\n";
  if (!stage.details.empty()) page += "\n" + stage.details + "\n";
  if (!stage.inputs.empty()) {
    page += "\n## Inputs\n\n| Name | Type | |\n|---|---|---|\n" + port_rows(stage.inputs, false);
  }
  if (!stage.outputs.empty()) {
    page += "\n## Outputs\n\n| Name | Type | |\n|---|---|---|\n" + port_rows(stage.outputs, true);
  }
  if (!stage.options.empty()) {
    page += "\n## Options\n\n| Name | Takes | Default | |\n|---|---|---|---|\n";
    for (OptionDeclaration const& option : stage.options) {
      std::string const value = option.required ? "required"
                                : option.default_value
                                    ? "`" + toml_text(*option.default_value) + "`"
                                    : "not set";
      page += "| `" + option.name + "` | " + cell(takes(option)) + " | " + cell(value) + " | " +
              cell(sentence(option.help)) + " |\n";
    }
  }
  return page;
}

std::string stage_description(StageDeclaration const& stage) {
  std::string text =
      stage.name + " (" + std::string(to_string(stage.kind)) + ")\n  " + stage.summary + "\n";
  if (!stage.lacks.empty()) text += "  not built: needs " + stage.lacks + "\n";
  auto const ports = [&](char const* title, std::vector<Port> const& list) {
    if (!list.empty()) text += std::string("\n") + title + "\n";
    for (Port const& port : list) {
      text += "  " + port.name + ": " + port.type + (port.optional ? ", optional" : "") + "\n";
    }
  };
  ports("inputs", stage.inputs);
  ports("outputs", stage.outputs);
  if (!stage.options.empty()) text += "\noptions\n";
  for (OptionDeclaration const& option : stage.options) {
    text += "  " + option.name + " (" + describe(option) + ")\n      " + option.help + "\n";
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
               {"inputs", ports_json(stage.inputs)},
               {"outputs", ports_json(stage.outputs)},
               {"options", options}};
  if (!stage.lacks.empty()) json["lacks"] = stage.lacks;
  return json;
}

namespace {

// A stage that does not say what it is, since the sweep does.
Json open_stage_schema() {
  return {{"type", "object"},
          {"description", "a stage whose use is for the sweep to say"},
          {"not", {{"required", {"use"}}}}};
}

// The values of an axis are as free as options are; what fits is for the checker to say.
Json sweep_schema() {
  Json const range = {{"type", "object"},
                      {"properties",
                       {{"from", {{"type", "number"}}},
                        {"to", {{"type", "number"}}},
                        {"step", {{"type", "number"}}}}},
                      {"required", {"from", "to", "step"}},
                      {"additionalProperties", false}};
  Json const axis = {{"anyOf", {{{"type", "array"}, {"minItems", 1}}, range}}};
  Json const nested = {{"type", "object"}, {"additionalProperties", axis}};
  return {{"type", "object"},
          {"description", "the axes of a sweep: \"stage.option\" = [values], or a range"},
          {"additionalProperties", {{"anyOf", {axis, nested}}}}};
}

Json variant_schema() {
  return {{"type", "array"},
          {"items",
           {{"type", "object"},
            {"properties", {{"name", {{"type", "string"}}}, {"set", {{"type", "object"}}}}},
            {"required", {"name"}},
            {"additionalProperties", false}}}};
}

}  // namespace

Json pipeline_schema(StageCatalog const& catalog) {
  Json alternatives = Json::array();
  for (std::string const& name : catalog.names()) {
    alternatives.push_back(stage_schema(*catalog.find(name).declaration));
  }
  alternatives.push_back(open_stage_schema());
  Json run = Json::object();
  for (RunOption const& option : run_options()) {
    run[option.declaration.name] = option_schema(option.declaration);
  }
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "seplflow pipeline"},
          {"type", "object"},
          {"properties",
           {{"name", {{"type", "string"}}},
            {"stages",
             {{"type", "object"},
              {"patternProperties", {{"^[A-Za-z][A-Za-z0-9_-]*$", {{"oneOf", alternatives}}}}},
              {"additionalProperties", false}}},
            {"run", {{"type", "object"}, {"properties", run}, {"additionalProperties", false}}},
            {"sweep", sweep_schema()},
            {"variant", variant_schema()}}},
          {"required", {"stages"}},
          {"additionalProperties", false}};
}

}  // namespace seplflow::cli
