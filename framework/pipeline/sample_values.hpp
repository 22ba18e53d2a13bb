// What the stages of a pipeline make of one sample, without the engine.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/sample.hpp>
#include "pipeline/pipeline.hpp"

namespace seplflow {

// Lets a stage, and all that it depends on, work on the sample when its value is first asked for.
// Nothing is written: a sink that only loads files is called without a folder. Not thread-safe.
class SampleValues {
 public:
  using Output = PipelineStage::Input;  // of a stage

  // What became of the sample in a stage, or in one output of the source.
  struct Result {
    std::vector<Value> values;         // empty unless the stage worked; those of a source alone
    std::optional<Output> missing;     // a needed input without a value: the stage did not work
    std::optional<std::string> error;  // what the stage threw
    std::vector<Warning> warnings;
    std::vector<Count> counts;
  };

  // An ordered stage may remember the samples before, which it has not seen here.
  enum class Ordered { fails, works };

  // The pipeline must outlive it. Its stages must not be at work elsewhere.
  SampleValues(Pipeline const& pipeline, Sample sample, Ordered ordered = Ordered::fails);

  Pipeline const& pipeline() const { return *pipeline_; }
  Sample const& sample() const { return *sample_; }

  // Of an output of the source, or of another stage as a whole, which is its output 0.
  Result const& result(Output output);

  // Null when the sample does not have it: it is absent from the data set, or a stage skipped the
  // sample. Throws Error, with the stage and the sample, when a stage failed.
  Value value(Output output);

  // What a stage reads, null for an input that is not connected or absent; nothing when it needs one
  // that is null. Throws Error as value() does.
  std::optional<std::vector<void const*>> inputs(std::size_t stage);

  // The same sample in a pipeline that differs in the options of one stage. What that stage and those
  // that depend on it made of the sample is forgotten; all else is shared.
  SampleValues with(Pipeline const& other, std::size_t changed_stage) const;

 private:
  Result produce(Output output);
  Result run(std::size_t stage);
  void work(std::size_t stage, Result& result, auto const& call);

  Pipeline const* pipeline_;
  std::shared_ptr<Sample const> sample_;
  Ordered ordered_;
  std::map<Output, Result> results_;
};

}  // namespace seplflow
