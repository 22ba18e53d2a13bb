#include "pipeline/sample_values.hpp"

#include <seplflow/detail/warnings.hpp>
#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/current_work.hpp"

namespace seplflow {

SampleValues::SampleValues(Pipeline const& pipeline, Sample sample, Ordered ordered)
    : pipeline_(&pipeline),
      sample_(std::make_shared<Sample const>(std::move(sample))),
      ordered_(ordered) {}

SampleValues::Result const& SampleValues::result(Output output) {
  bool const is_source = output.stage == pipeline_->source_index();
  if (!is_source) output.output = 0;
  auto const found = results_.find(output);
  if (found != results_.end()) return found->second;
  Result result = is_source ? produce(output) : run(output.stage);
  return results_.emplace(output, std::move(result)).first->second;
}

Value SampleValues::value(Output output) {
  Result const& found = result(output);
  PipelineStage const& stage = pipeline_->stages[output.stage];
  if (found.error) {
    throw Error(label_of(stage) + ", sample \"" + sample_->id + "\": " + *found.error +
                (sample_->remark.empty() ? "" : "; note: " + sample_->remark));
  }
  if (found.missing) return value(*found.missing);
  std::size_t const place = stage.declaration->kind == StageKind::source ? 0 : output.output;
  return place < found.values.size() ? found.values[place] : nullptr;
}

std::optional<std::vector<void const*>> SampleValues::inputs(std::size_t stage) {
  PipelineStage const& reader = pipeline_->stages[stage];
  std::vector<void const*> inputs;
  for (std::size_t i = 0; i < reader.inputs.size(); ++i) {
    auto const& input = reader.inputs[i];
    inputs.push_back(input ? value(*input).get() : nullptr);
    if (!inputs.back() && !reader.declaration->inputs[i].optional) return std::nullopt;
  }
  return inputs;
}

SampleValues SampleValues::with(Pipeline const& other, std::size_t changed_stage) const {
  SampleValues values = *this;
  values.pipeline_ = &other;
  std::vector<bool> changed(other.stages.size());
  changed[changed_stage] = true;
  for (std::size_t s = 0; s < changed.size(); ++s) {
    for (auto const& input : other.stages[s].inputs) {
      if (input && changed[input->stage]) changed[s] = true;
    }
  }
  std::erase_if(values.results_, [&](auto const& each) { return changed[each.first.stage]; });
  return values;
}

SampleValues::Result SampleValues::produce(Output output) {
  Result result;
  if (output.output == 0) {
    result.values.push_back(sample_);
    return result;
  }
  StageInstance const& source = *pipeline_->stages[output.stage].instance;
  work(output.stage, result, [&](SampleContext const& context) {
    result.values.push_back(source.produce(output.output, context));
  });
  return result;
}

SampleValues::Result SampleValues::run(std::size_t s) {
  PipelineStage const& stage = pipeline_->stages[s];
  Result result;
  if (stage.declaration->ordered && ordered_ == Ordered::fails) {
    result.error = "it may remember the samples before this one, so it cannot work on it alone";
    return result;
  }
  std::vector<void const*> inputs;
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    auto const& input = stage.inputs[i];
    void const* found = nullptr;
    if (input) {
      Result const& read = this->result(*input);
      std::size_t const place =
          input->stage == pipeline_->source_index() ? 0 : input->output;
      if (place < read.values.size()) found = read.values[place].get();
    }
    if (!found && !stage.declaration->inputs[i].optional) {
      result.missing = input;
      return result;
    }
    inputs.push_back(found);
  }
  work(s, result, [&](SampleContext const& context) {
    if (auto values = stage.instance->run(context, inputs)) result.values = std::move(*values);
  });
  return result;
}

void SampleValues::work(std::size_t s, Result& result, auto const& call) {
  PipelineStage const& stage = pipeline_->stages[s];
  Warnings warnings;
  SampleContext const context(*sample_, nullptr, &warnings);
  result.error = error_of([&] {
    CurrentWork const current(stage, sample_->id);
    call(context);
  });
  result.warnings = warnings.take();
  result.counts = warnings.take_counts();
}

}  // namespace seplflow
