#include "cli/stage_text.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/run_settings.hpp"

namespace seplflow::cli {
namespace {

constexpr char const* kStageName = "^[A-Za-z][A-Za-z0-9_-]*$";

Json reference(std::string const& definition) {
  return {{"$ref", "#/definitions/" + definition}};
}

// For `additionalProperties`. Where `false` would blame the table, this blames the key itself; the
// description is part of what validators print.
Json no_such(std::string const& what) {
  return {{"not", {{"description", what}}}};
}

// One of the texts, or a text with an environment variable, which may become one of them.
Json choices_schema(std::vector<std::string> const& choices) {
  return {{"type", "string"}, {"if", {{"pattern", "\\$\\{"}}}, {"else", {{"enum", choices}}}};
}

char const* element_type(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "boolean";
    case OptionType::integer:
    case OptionType::integers:
      return "integer";
    case OptionType::number:
    case OptionType::numbers:
      return "number";
    default:
      return "string";
  }
}

Json element_schema(OptionDeclaration const& option) {
  if (!option.choices.empty()) return choices_schema(option.choices);
  Json schema = {{"type", element_type(option.type)}};
  if (option.minimum) schema["minimum"] = *option.minimum;
  if (option.maximum) schema["maximum"] = *option.maximum;
  return schema;
}

Json option_schema(OptionDeclaration const& option) {
  Json schema = element_schema(option);
  if (is_list(option.type)) {
    Json const element = std::move(schema);
    schema = {{"if", {{"type", "array"}}}, {"then", {{"items", element}}}, {"else", element}};
  }
  schema["description"] = option.help + " (" + describe_option(option) + ")";
  if (option.default_value) schema["default"] = to_json(*option.default_value);
  return schema;
}

Json inputs_schema(StageDeclaration const& stage) {
  Json wires = Json::object();
  for (Port const& port : stage.inputs) {
    wires[port.name] = {{"type", "string"}, {"description", port.type}};
    if (port.optional) wires[port.name] = {{"anyOf", {wires[port.name], {{"const", false}}}}};
  }
  return {{"type", {"string", "object"}},
          {"properties", wires},
          {"additionalProperties", no_such(stage.name + " has no such input")}};
}

Json stage_schema(StageDeclaration const& stage) {
  Json properties = {{"use", {{"const", stage.name}}},
                     {"on_error", option_schema(find_run_option("on_error")->declaration)}};
  if (!stage.inputs.empty()) properties["in"] = inputs_schema(stage);
  for (OptionDeclaration const& option : stage.options) {
    std::size_t const dot = option.name.find('.');
    if (dot == option.name.npos) {
      properties[option.name] = option_schema(option);
      continue;
    }
    Json& group = properties[option.name.substr(0, dot)];
    group["type"] = "object";
    group["properties"][option.name.substr(dot + 1)] = option_schema(option);
    group["additionalProperties"] = no_such(stage.name + " has no such option");
  }
  return {{"description", stage.summary},
          {"properties", properties},
          {"additionalProperties", no_such(stage.name + " has no such option")}};
}

Json required_settings(StageDeclaration const& stage) {
  Json required = Json::array({"use"});
  if (!stage.inputs.empty()) required.push_back("in");
  for (OptionDeclaration const& option : stage.options) {
    if (option.required) required.push_back(option.name);
  }
  return {{"required", required}};
}

Json if_used(std::string const& stage, Json then) {
  return {{"if", {{"properties", {{"use", {{"const", stage}}}}}, {"required", {"use"}}}},
          {"then", std::move(then)}};
}

// "stage" is what a table [stages.NAME] may hold, "complete_stage" what it must hold as well where
// no sweep adds to it.
Json definitions(StageCatalog const& catalog) {
  Json schemas = Json::object(), rules = Json::array(), complete = Json::array();
  for (StageDeclaration const* const stage : catalog.all()) {
    schemas[stage->name] = stage_schema(*stage);
    rules.push_back(if_used(stage->name, reference(stage->name)));
    complete.push_back(if_used(stage->name, required_settings(*stage)));
  }
  schemas["stage"] = {{"type", "object"},
                      {"properties", {{"use", choices_schema(catalog.names())}}},
                      {"allOf", rules}};
  schemas["complete_stage"] = {{"required", {"use"}}, {"allOf", complete}};
  return schemas;
}

Json stages_schema(std::string const& definition) {
  return {{"type", "object"}, {"patternProperties", {{kStageName, reference(definition)}}}};
}

Json run_schema() {
  Json properties = Json::object();
  for (RunOption const& option : run_options()) {
    properties[option.declaration.name] = option_schema(option.declaration);
  }
  return {{"type", "object"},
          {"properties", properties},
          {"additionalProperties", no_such("[run] has no such option")}};
}

// Which values fit an axis is for the checker to say.
Json sweep_schema() {
  Json const number = {{"type", "number"}};
  Json const range = {{"type", "object"},
                      {"properties", {{"from", number}, {"to", number}, {"step", number}}},
                      {"required", {"from", "to", "step"}},
                      {"additionalProperties", false}};
  Json const axis = {{"anyOf", {{{"type", "array"}, {"minItems", 1}}, range}}};
  Json const nested = {{"type", "object"}, {"additionalProperties", axis}};
  return {{"type", "object"},
          {"description", "the axes of a sweep: \"stage.option\" = [values], or a range"},
          {"properties", {{"best_by", {{"type", {"string", "object"}}}}}},
          {"additionalProperties", {{"anyOf", {axis, nested}}}}};
}

Json variant_schema() {
  return {{"type", "array"},
          {"items",
           {{"type", "object"},
            {"properties", {{"name", {{"type", "string"}}}, {"set", {{"type", "object"}}}}},
            {"required", {"name"}},
            {"additionalProperties", no_such("[[variant]] has only name and set")}}}};
}

Json published_schema() {
  // Taplo takes nan for null.
  Json const number_or_list = {
      {"type", {"number", "array", "null"}},
      {"items",
       {{"type", {"number", "array", "null"}}, {"items", {{"type", {"number", "null"}}}}}}};
  return {{"type", "object"},
          {"description", "numbers that a paper prints: \"STAGE.METRIC\" = percent"},
          {"properties",
           {{"source", {{"type", "string"}}},
            {"samples", {{"type", "integer"}, {"minimum", 1}}}}},
          {"additionalProperties", number_or_list}};
}

}  // namespace

Json pipeline_schema(StageCatalog const& catalog) {
  Json stages = stages_schema("stage");
  stages["additionalProperties"] =
      no_such("a stage's name is a letter, and then letters, digits, _ and -");
  Json const sweeps = {{"anyOf", {{{"required", {"sweep"}}}, {{"required", {"variant"}}}}}};
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "seplflow pipeline"},
          {"type", "object"},
          {"properties",
           {{"name", {{"type", "string"}}},
            {"stages", stages},
            {"run", run_schema()},
            {"sweep", sweep_schema()},
            {"variant", variant_schema()},
            {"published", published_schema()}}},
          {"required", {"stages"}},
          {"additionalProperties", no_such("a pipeline has no such table")},
          {"if", {{"not", sweeps}}},
          {"then", {{"properties", {{"stages", stages_schema("complete_stage")}}}}},
          {"definitions", definitions(catalog)}};
}

}  // namespace seplflow::cli
