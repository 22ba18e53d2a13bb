#include <algorithm>
#include <functional>
#include <map>

#include "base/number_text.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {
namespace {

struct NodeText {
  std::string dot, mermaid;  // its id; Mermaid's has a letter in front, since it reserves "end"
  std::vector<std::string> labels;  // below its name
};

// "t1" for "select.t1", unless other axes end in the same.
std::string short_key(Pipeline const& pipeline, Axis const& axis) {
  auto const last = [](Axis const& each) { return each.key.substr(each.key.find('.') + 1); };
  return std::ranges::count(pipeline.axes, last(axis), last) > 1 ? axis.key : last(axis);
}

// What all variants of the stage have, but not all variants of the pipeline: "eps, t1=0.3".
std::string difference(Pipeline const& pipeline, PipelineStage const& stage) {
  std::string text;
  Variant const& first = pipeline.variants[stage.variants.front()];
  auto const add = [&](std::string const& part, auto const& value_of) {
    auto const has_it = [&](Variant const& each) { return value_of(each) == value_of(first); };
    bool const in_stage = std::ranges::all_of(
        stage.variants, [&](std::size_t variant) { return has_it(pipeline.variants[variant]); });
    if (!in_stage || std::ranges::all_of(pipeline.variants, has_it)) return;
    text += (text.empty() ? "" : ", ") + part;
  };
  add(first.label, std::mem_fn(&Variant::label));
  for (std::size_t i = 0; i < pipeline.axes.size(); ++i) {
    Axis const& axis = pipeline.axes[i];
    add(short_key(pipeline, axis) + "=" + axis.values[first.values[i]],
        [i](Variant const& each) { return each.values[i]; });
  }
  return text;
}

// The texts of the stages of the pipeline.
std::vector<NodeText> node_texts(Pipeline const& pipeline, std::vector<std::string> const& notes) {
  std::map<std::string, std::size_t> count, seen;
  for (PipelineStage const& stage : pipeline.stages) ++count[stage.name];
  std::vector<NodeText> texts;
  for (PipelineStage const& stage : pipeline.stages) {
    NodeText text{stage.name, "s_" + stage.name, {stage.declaration->name}};
    if (count[stage.name] > 1) {
      // The name of a stage never begins with a digit or contains a "#".
      std::string const place = std::to_string(++seen[stage.name]);
      text.dot += "#" + place;
      text.mermaid = "s" + place + "_" + stage.name;
    }
    if (pipeline.sweeps()) {
      text.labels.push_back(counted(stage.variants.size(), "variant"));
      std::string const different = difference(pipeline, stage);
      if (!different.empty()) text.labels.push_back(different);
    }
    if (!notes.empty()) text.labels.push_back(notes[texts.size()]);
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string dot_label(std::string const& text) {
  std::string label;
  for (char const c : text) {
    if (c == '"' || c == '\\') label += '\\';
    label += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return label;
}

// Mermaid interprets entities, which begin with "#", and some of Markdown and HTML.
std::string mermaid_label(std::string const& text) {
  std::string label;
  for (char const c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      label += ' ';
    } else if (std::string_view("\"#<>&`*;").find(c) != std::string_view::npos) {
      label += "#" + std::to_string(static_cast<int>(c)) + ";";
    } else {
      label += c;
    }
  }
  return label;
}

// Calls f(producer, consumer, label) for every wire.
template <class F>
void for_each_wire(Pipeline const& pipeline, F const& f) {
  for (std::size_t consumer = 0; consumer < pipeline.stages.size(); ++consumer) {
    PipelineStage const& stage = pipeline.stages[consumer];
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
      if (!stage.inputs[i]) continue;
      PipelineStage const& producer = pipeline.stages[stage.inputs[i]->stage];
      std::string label = stage.declaration->inputs[i].name;
      Port const& output = producer.declaration->outputs[stage.inputs[i]->output];
      if (output.name != label) label = output.name + " as " + label;
      f(stage.inputs[i]->stage, consumer, label);
    }
  }
}

}  // namespace

std::string graph_dot(Pipeline const& pipeline, std::vector<std::string> const& notes) {
  auto const nodes = node_texts(pipeline, notes);
  std::string text = "digraph " + toml_string(pipeline.name) + " {\n  rankdir = LR;\n";
  text += "  node [shape = box, fontname = \"sans-serif\"];\n";
  text += "  edge [fontname = \"sans-serif\", fontsize = 10];\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    PipelineStage const& stage = pipeline.stages[i];
    bool const inner = stage.declaration->kind == StageKind::transform;
    text += "  " + toml_string(nodes[i].dot) + " [label = \"" + stage.name;
    for (std::string const& label : nodes[i].labels) text += "\\n" + dot_label(label);
    text += std::string("\"") + (inner ? "" : ", style = rounded") + "];\n";
  }
  for_each_wire(pipeline, [&](std::size_t from, std::size_t to, std::string const& label) {
    text += "  " + toml_string(nodes[from].dot) + " -> " + toml_string(nodes[to].dot) +
            " [label = " + toml_string(label) + "];\n";
  });
  return text + "}\n";
}

std::string graph_mermaid(Pipeline const& pipeline, std::vector<std::string> const& notes) {
  auto const nodes = node_texts(pipeline, notes);
  std::string text = "flowchart LR\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    PipelineStage const& stage = pipeline.stages[i];
    bool const inner = stage.declaration->kind == StageKind::transform;
    text += "  " + nodes[i].mermaid + (inner ? "[\"" : "([\"") + stage.name;
    for (std::string const& label : nodes[i].labels) text += "<br/>" + mermaid_label(label);
    text += inner ? "\"]\n" : "\"])\n";
  }
  for_each_wire(pipeline, [&](std::size_t from, std::size_t to, std::string const& label) {
    text += "  " + nodes[from].mermaid + " -->|\"" + label + "\"| " + nodes[to].mermaid + "\n";
  });
  return text;
}

}  // namespace seplflow
