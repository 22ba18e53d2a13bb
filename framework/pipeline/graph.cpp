#include <algorithm>
#include <map>
#include <optional>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {
namespace {

struct NodeText {
  std::string dot, mermaid;  // its id; Mermaid's has a letter in front, since it reserves "end"
  std::vector<std::string> labels;  // below its name
};

// How the variants of a sweep differ: in their [[variant]], which is difference 0, and in the
// values of the axes, which are differences 1, 2 and so on.
class Differences {
 public:
  explicit Differences(Pipeline const& pipeline) : pipeline_(pipeline) {
    for (Axis const& axis : pipeline.axes) ++short_keys_[short_key(axis.key)];
    for (PipelineStage const& stage : pipeline.stages) {
      Shared const shared = shared_by(stage);
      auto const [first, is_new] = everywhere_.emplace(stage.name, shared);
      if (is_new) continue;
      for (std::size_t i = 0; i < shared.size(); ++i) {
        if (first->second[i] != shared[i]) first->second[i].reset();
      }
    }
  }

  // What all variants of the stage have, but not all stages of its name.
  std::string of(PipelineStage const& stage) const {
    std::string text;
    Shared const shared = shared_by(stage);
    Shared const& everywhere = everywhere_.at(stage.name);
    for (std::size_t i = 0; i < shared.size(); ++i) {
      if (!shared[i] || everywhere[i]) continue;
      text += (text.empty() ? "" : ", ") + label(i, *shared[i]);
    }
    return text;
  }

 private:
  // For the [[variant]] and each axis, the value that all variants have.
  using Shared = std::vector<std::optional<std::string>>;

  Shared shared_by(PipelineStage const& stage) const {
    Shared shared;
    for (std::size_t i = 0; i <= pipeline_.axes.size(); ++i) {
      std::string const& first = value(stage.variants.front(), i);
      bool const is_shared = std::ranges::all_of(
          stage.variants, [&](std::size_t variant) { return value(variant, i) == first; });
      shared.push_back(is_shared ? std::optional(first) : std::nullopt);
    }
    return shared;
  }

  std::string const& value(std::size_t variant, std::size_t difference) const {
    Variant const& found = pipeline_.variants[variant];
    if (difference == 0) return found.label;
    return pipeline_.axes[difference - 1].values[found.values[difference - 1]];
  }

  std::string label(std::size_t difference, std::string const& value) const {
    if (difference == 0) return value;
    std::string const& key = pipeline_.axes[difference - 1].key;
    return (short_keys_.at(short_key(key)) > 1 ? key : short_key(key)) + "=" + value;
  }

  static std::string short_key(std::string const& key) { return key.substr(key.find('.') + 1); }

  Pipeline const& pipeline_;
  std::map<std::string, std::size_t> short_keys_;  // how many axes have it
  std::map<std::string, Shared> everywhere_;       // by the name of the stage
};

// For each stage of the pipeline, what it is called in the graph.
std::vector<NodeText> node_texts(Pipeline const& pipeline) {
  std::map<std::string, std::size_t> count, seen;
  for (PipelineStage const& stage : pipeline.stages) ++count[stage.name];
  std::optional<Differences> differences;
  if (pipeline.sweeps()) differences.emplace(pipeline);
  std::vector<NodeText> texts;
  for (PipelineStage const& stage : pipeline.stages) {
    NodeText text{stage.name, "s_" + stage.name, {stage.declaration->name}};
    if (count[stage.name] > 1) {
      // No stage's name begins with a digit or holds a "#".
      std::string const place = std::to_string(++seen[stage.name]);
      text.dot += "#" + place;
      text.mermaid = "s" + place + "_" + stage.name;
    }
    if (differences) {
      std::size_t const serves = stage.variants.size();
      text.labels.push_back(std::to_string(serves) + (serves == 1 ? " variant" : " variants"));
      std::string const difference = differences->of(stage);
      if (!difference.empty()) text.labels.push_back(difference);
    }
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

// Mermaid reads entities, written with "#", and a little of Markdown and HTML.
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

std::string graph_dot(Pipeline const& pipeline) {
  auto const nodes = node_texts(pipeline);
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

std::string graph_mermaid(Pipeline const& pipeline) {
  auto const nodes = node_texts(pipeline);
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
