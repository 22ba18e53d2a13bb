// A checked pipeline: every stage known and configured, every port connected.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"
#include "plugin/stage.hpp"

namespace seplflow {

// What happens when a sample fails.
enum class OnError { stop, skip };

// Which variants' files are written.
enum class Keep { all, best, none };

// The samples whose place in the data set leaves the remainder `index` when divided by `count`.
struct Shard {
  std::int64_t index = 0, count = 1;
  bool operator==(Shard const&) const = default;
};

struct RunSettings {
  std::int64_t jobs = 0;       // 0 = all cores
  std::int64_t in_flight = 0;  // samples in flight; 0 = chosen from jobs
  OnError on_error = OnError::stop;
  std::int64_t max_failures =
      0;  // with skip: more failed samples than this stop the run; 0 = no limit
  std::optional<std::int64_t> limit;  // only the first samples
  Shard shard;                        // of those, only these
  std::optional<Keep> keep;           // absent: chosen from the number of variants
};

struct PipelineStage {
  // The output of an earlier stage that an input reads.
  struct Input {
    std::size_t stage;   // index into Pipeline::stages
    std::size_t output;  // index into that stage's outputs
  };

  std::string name;
  Place place;  // of its table
  StageDeclaration const* declaration;
  std::shared_ptr<StageInstance> instance;   // configured
  std::vector<std::optional<Input>> inputs;  // as in the declaration
  std::vector<bool> wanted;                  // outputs that some stage reads
  std::optional<OnError> on_error;           // instead of the run's
  std::vector<std::string> columns;          // of an observer's CSV; empty without one
  std::filesystem::path list_file;           // of a sink's samples; empty without one
  std::optional<std::uint64_t> count;        // of a source's samples, where it knows
  std::vector<std::size_t> variants;         // that it serves, ascending

  // Whether it is an observer or a sink: the last stages of a pipeline, on which nothing depends.
  bool is_end() const {
    return declaration->kind == StageKind::observer || declaration->kind == StageKind::sink;
  }
};

// What a sweep varies: an option ("select.t1") or a whole stage ("cam").
struct Axis {
  std::string key;
  std::vector<std::string> values;  // as sweep.csv and the names of variants have them
};

// One setting of a sweep, a pipeline of its own.
struct Variant {
  std::string name;                 // names its folder; empty in a pipeline without variants
  std::string label;                // the part of it that its [[variant]] gives; may be empty
  std::vector<std::size_t> values;  // for each axis, which of its values
  std::vector<std::size_t> stages;  // indices into Pipeline::stages, in the order of the file
};

// What a paper prints for what the pipeline computes, to be shown beside it.
struct Published {
  struct Number {
    std::string name;                            // "score.gain.miou"
    std::vector<std::optional<double>> percent;  // by variant
    bool common;                                 // written as one number for all variants
  };
  std::string source;  // "SEPL, Table 4"; may be empty
  std::vector<Number> numbers;
};

// Pipelines that can run, as one graph: stages that are equal in what they are, their options and,
// recursively, their inputs are one stage of it. Each variant has exactly one source, the same for
// all, every stage reaches an observer or a sink, and stages come after those that they read from.
// The catalog must outlive it.
struct Pipeline {
  std::string name;
  std::filesystem::path file;
  std::vector<PipelineStage> stages;
  std::vector<Axis> axes;         // in the order of the file
  std::vector<Variant> variants;  // never empty
  std::string sweep_text;         // of a sweep: its part of the resolved pipeline
  Published published;
  RunSettings run;
  std::vector<Problem> warnings;  // what its stages want the user to know before it runs

  bool sweeps() const { return !variants.front().name.empty(); }
  // Whether its variants are exactly the pairs of two axes.
  bool is_grid() const;
  bool serves_all(PipelineStage const& stage) const {
    return stage.variants.size() == variants.size();
  }
  // ` in "VARIANT" and 2 others` for a stage that serves only some variants; else nothing.
  std::string some_variant(PipelineStage const& stage) const;

  PipelineStage const& source() const;
  OnError on_error(PipelineStage const& stage) const {
    return stage.on_error.value_or(run.on_error);
  }
};

struct PipelineRequest {
  std::filesystem::path file;
  // "stage.option=value" or "run.key=value": instead of what the file says.
  std::vector<std::string> overrides;
  // "stage.option=a,b,c": an axis beside, or instead of, the file's.
  std::vector<std::string> sweeps;
  bool any_number_of_variants = false;  // else more than 10,000 are a mistake
  // Whether to look for the files of every sample, too. The pipeline cannot be run then, since its
  // source was enumerated.
  bool look_for_files = false;
  std::filesystem::path working_folder = std::filesystem::current_path();  // of the overrides
  Environment environment = process_environment();
};

// An instance like the stage's, as it was before it ran. Throws Error when what it needs is not
// there any more.
std::shared_ptr<StageInstance> configured_anew(PipelineStage const& stage);

// Reads and checks a pipeline file. Throws PipelineError with every mistake in it, and UsageError
// when the file cannot be read.
Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog);

// The same for a text; paths in it are relative to `file`'s folder.
Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog);

// The pipeline as a file with every option spelled out and every path absolute; reading it gives
// the same pipeline, whatever the environment.
std::string resolved_toml(Pipeline const& pipeline);

// The same for one of its variants alone.
std::string resolved_toml(Pipeline const& pipeline, Variant const& variant);

// The graph of its stages, for Graphviz or Mermaid.
std::string graph_dot(Pipeline const& pipeline);
std::string graph_mermaid(Pipeline const& pipeline);

}  // namespace seplflow
