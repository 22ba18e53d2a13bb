#include "pipeline/resolved.hpp"

#include <algorithm>
#include <functional>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/published.hpp"
#include "pipeline/run_options.hpp"

namespace seplflow {
namespace {

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

std::string stage_text(Pipeline const& pipeline, PipelineStage const& stage) {
  std::string text = "\n[stages." + stage.name + "]\n";
  text += "use = " + toml_string(stage.declaration->name) + "\n";
  if (!stage.inputs.empty()) text += "in = " + wires(pipeline, stage) + "\n";
  if (stage.on_error)
    text += "on_error = " + toml_string(on_error_choices().text_of(*stage.on_error)) + "\n";
  for (std::size_t i = 0; i < stage.declaration->options.size(); ++i) {
    if (auto const value = stage.instance->option(i)) {
      text += stage.declaration->options[i].name + " = " + resolved_text(*value) + "\n";
    }
  }
  return text;
}

// What can change the outputs; how many threads work on them cannot, and is in run.json.
std::string run_text(RunSettings const& run) {
  std::string text =
      "\n[run]\non_error = " + toml_string(on_error_choices().text_of(run.on_error)) + "\n";
  text += "max_failures = " + std::to_string(run.max_failures) + "\n";
  if (run.limit) text += "limit = " + std::to_string(*run.limit) + "\n";
  if (run.shard.count > 1) {
    text += "shard = \"" + std::to_string(run.shard.index) + "/" + std::to_string(run.shard.count) +
            "\"\n";
  }
  return text;
}

std::string name_text(std::string const& name) {
  return "name = " + resolved_text(name) + "\n";
}

// The stages of a variant, each after those that it reads from.
std::vector<std::size_t> in_order(Pipeline const& pipeline, Variant const& variant) {
  std::vector<std::size_t> order;
  std::function<void(std::size_t)> const visit = [&](std::size_t stage) {
    if (std::ranges::find(order, stage) != order.end()) return;
    for (auto const& input : pipeline.stages[stage].inputs) {
      if (input) visit(input->stage);
    }
    order.push_back(stage);
  };
  for (std::size_t const stage : variant.stages) visit(stage);
  return order;
}

}  // namespace

std::string resolved_text(OptionValue value) {
  if (auto* const text = std::get_if<std::string>(&value)) *text = escape_expansion(*text);
  if (auto* const texts = std::get_if<std::vector<std::string>>(&value)) {
    for (std::string& text : *texts) text = escape_expansion(text);
  }
  return toml_text(value);
}

std::string resolved_toml(Pipeline const& pipeline) {
  std::string text = name_text(pipeline.name);
  if (pipeline.sweep_text.empty()) {
    for (PipelineStage const& stage : pipeline.stages) text += stage_text(pipeline, stage);
  }
  text += pipeline.sweep_text + published_text(pipeline) + run_text(pipeline.run);
  if (pipeline.run.keep)
    text += "keep = " + toml_string(keep_choices().text_of(*pipeline.run.keep)) + "\n";
  return text;
}

std::string resolved_toml(Pipeline const& pipeline, Variant const& variant) {
  // Of its own, so that it does not run into the folder of the sweep.
  std::string text = name_text(pipeline.name + (variant.name.empty() ? "" : "-" + variant.name));
  for (std::size_t const stage : in_order(pipeline, variant)) {
    text += stage_text(pipeline, pipeline.stages[stage]);
  }
  auto const place = static_cast<std::size_t>(&variant - pipeline.variants.data());
  return text + published_text(pipeline, place) + run_text(pipeline.run);
}

}  // namespace seplflow
