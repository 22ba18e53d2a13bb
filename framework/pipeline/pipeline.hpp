// A checked pipeline: every stage known and configured, every port connected.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/detail/files_read.hpp>
#include <seplflow/detail/stage_instance.hpp>
#include "catalog/catalog.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"
#include "pipeline/run_settings.hpp"

namespace seplflow {

struct PipelineStage {
  // The output of an earlier stage that an input reads.
  struct Input {
    std::size_t stage;   // index into Pipeline::stages
    std::size_t output;  // index into that stage's outputs
    auto operator<=>(Input const&) const = default;
  };

  std::string name;
  Place place;  // of its table
  StageDeclaration const* declaration;
  std::shared_ptr<StageInstance> instance;   // configured
  std::vector<std::optional<Input>> inputs;  // as in the declaration
  std::vector<bool> wanted;                  // the outputs that stages read
  std::optional<OnError> on_error;           // instead of the run's
  std::vector<std::string> columns;          // of an observer's CSV; empty without one
  std::filesystem::path list_file;           // of a sink's samples; empty without one
  std::filesystem::path run_file;            // of an observer; empty without one
  std::optional<std::uint64_t> count;        // of a source's samples, if it is known
  std::vector<std::size_t> variants;         // that it serves, ascending
  std::vector<OptionCheck::Expectation> expectations;  // of the numbers that it counts
  std::vector<std::string> relies_on;  // inputs by default that its result depends on nevertheless
  FilesRead::States files_read;              // before the run, and the files among its options

  // Whether the input is connected and can change the result.
  bool depends_on(std::size_t input) const {
    Port const& port = declaration->inputs[input];
    return inputs[input] && (!port.by_default || std::ranges::find(relies_on, port.name) !=
                                                     relies_on.end());
  }

  // Whether it is an observer or a sink: the last stages of a pipeline, on which nothing depends.
  bool is_end() const {
    return declaration->kind == StageKind::observer || declaration->kind == StageKind::sink;
  }
};

// The type and the options of a stage as text. Stages of equal text compute equal outputs from
// equal inputs.
std::string computation_of(PipelineStage const& stage);

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
  std::vector<std::size_t> stages;  // that it uses: indices into Pipeline::stages, as in the file
};

// The published numbers for what the pipeline computes, to be shown beside its own.
struct Published {
  struct Number {
    std::string name;                            // "score.gain.miou"
    std::vector<std::optional<double>> percent;  // by variant
    bool common;                                 // written as one number for all variants
  };
  std::string source;  // "SEPL, Table 4"; may be empty
  std::optional<std::uint64_t> samples = {};  // that the numbers are over
  std::vector<Number> numbers;
};

// One or several pipelines that can run, as one graph. Stages with the same type, options and,
// recursively, inputs are one stage of it. All variants have the same source and no other, every
// stage leads to an observer or a sink, and stages come after those that they read from. The
// catalog must outlive it.
struct Pipeline {
  std::string name;
  std::filesystem::path file;
  std::vector<PipelineStage> stages;
  std::vector<Axis> axes;         // in the order of the file
  std::vector<Variant> variants;  // never empty
  std::string sweep_text;         // of a sweep: its part of the resolved pipeline
  std::string best_by;            // of a sweep: "STAGE.SCORE", or empty for the default
  Published published;
  RunSettings run;
  std::vector<Problem> warnings;  // of its stages, for the user before it runs
  // The first sample of the run, one from the middle and the last, if its files were looked for.
  std::vector<Sample> some_samples;

  bool sweeps() const { return !variants.front().name.empty(); }
  // Whether its variants are exactly the pairs of the values of two axes.
  bool is_grid() const;
  // Whether they are exactly the pairs of the values of one axis and the names of [[variant]].
  bool is_grid_of_names() const;
  bool serves_all(PipelineStage const& stage) const {
    return stage.variants.size() == variants.size();
  }
  // ` in "VARIANT" and 2 others` for a stage that serves only some variants; else nothing.
  std::string some_variant(PipelineStage const& stage) const;

  std::size_t source_index() const;
  PipelineStage const& source() const { return stages[source_index()]; }
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
  bool any_number_of_variants = false;  // else more than 10,000 are an error
  // Whether to look for the files of every sample, too. The pipeline cannot be run then, since its
  // source was enumerated. Some of its samples are in some_samples then.
  bool look_for_files = false;
  std::filesystem::path working_folder = std::filesystem::current_path();  // of the overrides
  Environment environment = process_environment();
};

// A new instance with the options of the stage's instance, but for those that are given by their
// places in the declaration. Throws Error if a file or folder that it needs no longer exists, or if
// the stage refuses these options.
std::shared_ptr<StageInstance> configured_anew(
    PipelineStage const& stage,
    std::vector<std::pair<std::size_t, OptionValue>> const& changed = {});

// Reads and checks a pipeline file. Throws PipelineError with all errors in it, or UsageError if
// the file cannot be read.
Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog);

// The same for a text. Paths in it are relative to the folder of request.file.
Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog);

// The pipeline as a file in which every option is set and every path is absolute. Reading it gives
// the same pipeline, whatever the environment.
std::string resolved_toml(Pipeline const& pipeline);

// The same for one of its variants alone.
std::string resolved_toml(Pipeline const& pipeline, std::size_t variant);

// The graph of its stages, for Graphviz or Mermaid. `notes` has a line for each stage, or none.
std::string graph_dot(Pipeline const& pipeline, std::vector<std::string> const& notes = {});
std::string graph_mermaid(Pipeline const& pipeline, std::vector<std::string> const& notes = {});

}  // namespace seplflow
