#include <map>
#include <set>

#include <seplflow/detail/warnings.hpp>
#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/current_work.hpp"
#include "pipeline/open_samples.hpp"

namespace seplflow {
namespace {

// The values of a sample that need no work but reading, by stage and output.
class Opened {
 public:
  using Known = std::set<std::pair<PipelineStage const*, std::string>>;

  // `known` has the warnings of each stage, and an empty text for its failure.
  Opened(Pipeline const& pipeline, Sample const& sample, OpenedSamples& into, Known& known)
      : pipeline_(pipeline), sample_(sample), into_(into), known_(known) {}

  void open() {
    std::size_t const source = pipeline_.source_index();
    values_[{source, 0}] = std::make_shared<Sample const>(sample_);
    open_source(source);
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (pipeline_.stages[s].declaration->loads) open_stage(s);
    }
  }

 private:
  void open_source(std::size_t s) {
    PipelineStage const& source = pipeline_.stages[s];
    for (std::size_t output = 1; output < source.wanted.size(); ++output) {
      if (!source.wanted[output]) continue;
      Warnings warnings;
      SampleContext const context(sample_, nullptr, &warnings);
      report(source, error_of([&] {
               CurrentWork const current(source, sample_.id);
               values_[{s, output}] = source.instance->produce(output, context);
             }));
      add_warnings(source, warnings);
    }
  }

  void open_stage(std::size_t s) {
    PipelineStage const& stage = pipeline_.stages[s];
    std::vector<void const*> inputs;
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
      auto const& input = stage.inputs[i];
      auto const value = input ? values_[{input->stage, input->output}] : nullptr;
      // What it reads from is absent, or failed, which is reported already.
      if (!value && !stage.declaration->inputs[i].optional) return;
      inputs.push_back(value.get());
    }
    Warnings warnings;
    SampleContext const context(sample_, nullptr, &warnings);
    report(stage, error_of([&] {
             CurrentWork const current(stage, sample_.id);
             stage.instance->run(context, inputs);
           }));
    add_warnings(stage, warnings);
  }

  void add_warnings(PipelineStage const& stage, Warnings& warnings) {
    for (Warning const& warning : warnings.take()) {
      if (!known_.insert({&stage, warning.what}).second) continue;
      add(into_.warnings, stage,
          warning.what + (warning.detail.empty() ? "" : ": " + warning.detail));
    }
  }

  void report(PipelineStage const& stage, std::optional<std::string> const& error) {
    if (!error) return;
    into_.any_failed = true;
    if (!known_.insert({&stage, ""}).second) return;
    bool const skips = pipeline_.on_error(stage) == OnError::skip;
    add(skips ? into_.warnings : into_.errors, stage, *error);
  }

  void add(std::vector<Problem>& problems, PipelineStage const& stage, std::string const& text) {
    problems.push_back({stage.place, label_of(stage) + ", sample \"" + sample_.id + "\": " + text});
  }

  Pipeline const& pipeline_;
  Sample const& sample_;
  OpenedSamples& into_;
  Known& known_;
  std::map<std::pair<std::size_t, std::size_t>, Value> values_;
};

}  // namespace

OpenedSamples open_samples(Pipeline const& pipeline) {
  OpenedSamples opened;
  Opened::Known known;
  for (Sample const& sample : pipeline.some_samples) Opened(pipeline, sample, opened, known).open();
  return opened;
}

}  // namespace seplflow
