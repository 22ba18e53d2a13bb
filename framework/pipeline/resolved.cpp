#include <algorithm>
#include <functional>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/published.hpp"
#include "pipeline/run_settings.hpp"

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
    Port const& port = stage.declaration->inputs[i];
    if (!stage.inputs[i] && !port.by_default) continue;
    text += (text.empty() ? " " : ", ") + port.name + " = " +
            (stage.inputs[i] ? toml_string(reference(pipeline, *stage.inputs[i])) : "false");
  }
  return "{" + text + " }";
}

std::string stage_text(Pipeline const& pipeline, PipelineStage const& stage) {
  std::string text = "\n[stages." + stage.name + "]\n";
  text += "use = " + toml_string(stage.declaration->name) + "\n";
  if (!stage.inputs.empty()) text += "in = " + wires(pipeline, stage) + "\n";
  if (stage.on_error)
    text += "on_error = " + toml_string(on_error_choices().text_of(*stage.on_error)) + "\n";
  return text + options_text(*stage.declaration, *stage.instance);
}

// What can change the outputs; how many threads work on them cannot, and is in run.json.
std::string run_text(RunSettings const& run) {
  std::string text =
      "\n[run]\non_error = " + toml_string(on_error_choices().text_of(run.on_error)) + "\n";
  text += "max_failures = " + std::to_string(run.max_failures) + "\n";
  if (run.epochs) text += "epochs = " + std::to_string(*run.epochs) + "\n";
  if (run.seed) text += "seed = " + std::to_string(*run.seed) + "\n";
  if (run.limit) text += "limit = " + std::to_string(*run.limit) + "\n";
  if (run.shard.count > 1) {
    text += "shard = \"" + text_of(run.shard) + "\"\n";
  }
  if (!run.skip.empty()) text += "skip = " + resolved_text(run.skip) + "\n";
  if (run.csv != CsvText::exact) {
    text += "csv = " + toml_string(csv_choices().text_of(run.csv)) + "\n";
  }
  if (run.sweep_csv != SweepCsv::means) {
    text += "sweep_csv = " + toml_string(sweep_csv_choices().text_of(run.sweep_csv)) + "\n";
  }
  return text;
}

std::string name_text(std::string const& name) {
  return "name = " + resolved_text(name) + "\n";
}

// The stages of a variant, each after those that it reads from.
std::vector<std::size_t> stages_in_order(Pipeline const& pipeline, Variant const& variant) {
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

std::string computation_of(PipelineStage const& stage) {
  return stage.declaration->name + "\n" + options_text(*stage.declaration, *stage.instance);
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

std::string resolved_toml(Pipeline const& pipeline, std::size_t variant) {
  std::string const& name = pipeline.variants[variant].name;
  // A name of its own, so that it does not run into the folder of the sweep.
  std::string text = name_text(pipeline.name + (name.empty() ? "" : "-" + name));
  for (std::size_t const stage : stages_in_order(pipeline, pipeline.variants[variant])) {
    text += stage_text(pipeline, pipeline.stages[stage]);
  }
  return text + published_text(pipeline, variant) + run_text(pipeline.run);
}

}  // namespace seplflow
