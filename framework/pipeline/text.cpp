#include <algorithm>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {
namespace {

std::string escaped_string(std::string_view text) {
  return toml_string(escape_expansion(text));
}

OptionValue escaped(OptionValue value) {
  if (auto* const text = std::get_if<std::string>(&value)) *text = escape_expansion(*text);
  if (auto* const texts = std::get_if<std::vector<std::string>>(&value)) {
    for (std::string& text : *texts) text = escape_expansion(text);
  }
  return value;
}

// "cam", or "voc.truth" for an output that is not the default one.
std::string reference(Pipeline const& pipeline, PipelineStage::Input const& input) {
  PipelineStage const& producer = pipeline.stages[input.stage];
  if (input.output == 0) return producer.name;
  return producer.name + "." + producer.declaration->outputs[input.output].name;
}

std::string wires(Pipeline const& pipeline, PipelineStage const& stage) {
  std::string text;
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    if (!stage.inputs[i]) continue;
    text += (text.empty() ? " " : ", ") + stage.declaration->inputs[i].name + " = " +
            toml_string(reference(pipeline, *stage.inputs[i]));
  }
  return "{" + text + " }";
}

std::string name_of(OnError on_error) {
  return on_error == OnError::skip ? "skip" : "stop";
}

// Calls f(producer, consumer, label) for every wire.
template <class F>
void for_each_wire(Pipeline const& pipeline, F const& f) {
  for (PipelineStage const& stage : pipeline.stages) {
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
      if (!stage.inputs[i]) continue;
      PipelineStage const& producer = pipeline.stages[stage.inputs[i]->stage];
      std::string label = stage.declaration->inputs[i].name;
      Port const& output = producer.declaration->outputs[stage.inputs[i]->output];
      if (output.name != label) label = output.name + " as " + label;
      f(producer.name, stage.name, label);
    }
  }
}

}  // namespace

std::string resolved_toml(Pipeline const& pipeline) {
  std::string text = "name = " + escaped_string(pipeline.name) + "\n";
  for (PipelineStage const& stage : pipeline.stages) {
    text += "\n[stages." + stage.name + "]\n";
    text += "use = " + toml_string(stage.declaration->name) + "\n";
    if (!stage.inputs.empty()) text += "in = " + wires(pipeline, stage) + "\n";
    if (stage.on_error) text += "on_error = " + toml_string(name_of(*stage.on_error)) + "\n";
    for (std::size_t i = 0; i < stage.declaration->options.size(); ++i) {
      if (auto value = stage.instance->option(i)) {
        text += stage.declaration->options[i].name + " = " + toml_text(escaped(*value)) + "\n";
      }
    }
  }
  // What can change the outputs; how many threads work on them cannot, and is in run.json.
  text += "\n[run]\non_error = " + toml_string(name_of(pipeline.run.on_error)) + "\n";
  text += "max_failures = " + std::to_string(pipeline.run.max_failures) + "\n";
  if (pipeline.run.limit) text += "limit = " + std::to_string(*pipeline.run.limit) + "\n";
  return text;
}

std::string graph_dot(Pipeline const& pipeline) {
  std::string text = "digraph " + toml_string(pipeline.name) + " {\n  rankdir = LR;\n";
  text += "  node [shape = box, fontname = \"sans-serif\"];\n";
  text += "  edge [fontname = \"sans-serif\", fontsize = 10];\n";
  for (PipelineStage const& stage : pipeline.stages) {
    bool const inner = stage.declaration->kind == StageKind::transform;
    text += "  " + toml_string(stage.name) + " [label = \"" + stage.name + "\\n" +
            stage.declaration->name + "\"" + (inner ? "" : ", style = rounded") + "];\n";
  }
  for_each_wire(pipeline, [&](auto const& from, auto const& to, auto const& label) {
    text += "  " + toml_string(from) + " -> " + toml_string(to) +
            " [label = " + toml_string(label) + "];\n";
  });
  return text + "}\n";
}

std::string graph_mermaid(Pipeline const& pipeline) {
  std::string text = "flowchart LR\n";
  // A letter in front: some names, such as "end", are words of Mermaid's own.
  for (PipelineStage const& stage : pipeline.stages) {
    bool const inner = stage.declaration->kind == StageKind::transform;
    text += "  s_" + stage.name + (inner ? "[\"" : "([\"") + stage.name + "<br/>" +
            stage.declaration->name + (inner ? "\"]" : "\"])") + "\n";
  }
  for_each_wire(pipeline, [&](auto const& from, auto const& to, auto const& label) {
    text += "  s_" + from + " -->|\"" + label + "\"| s_" + to + "\n";
  });
  return text;
}

}  // namespace seplflow
