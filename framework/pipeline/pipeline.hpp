// A checked pipeline: every stage known and configured, every port connected.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"
#include "plugin/catalog.hpp"
#include "plugin/stage.hpp"

namespace seplflow {

// What happens when a sample fails.
enum class OnError { stop, skip };

struct RunSettings {
  std::int64_t jobs = 0;       // 0 = all cores
  std::int64_t in_flight = 0;  // samples in flight; 0 = chosen from jobs
  OnError on_error = OnError::stop;
  std::int64_t max_failures =
      0;  // with skip: more failed samples than this stop the run; 0 = no limit
  std::optional<std::int64_t> limit;  // only the first samples
};

struct PipelineStage {
  // The output of an earlier stage that an input reads.
  struct Input {
    std::size_t stage;   // index into Pipeline::stages
    std::size_t output;  // index into that stage's outputs
  };

  std::string name;
  StageDeclaration const* declaration;
  std::shared_ptr<StageInstance> instance;   // configured
  std::vector<std::optional<Input>> inputs;  // as in the declaration
  std::vector<bool> wanted;                  // outputs that some stage reads
  std::optional<OnError> on_error;           // instead of the run's
  std::vector<std::string> columns;          // of an observer's CSV; empty without one
  std::optional<std::uint64_t> count;        // of a source's samples, where it knows
};

// A pipeline that can run: exactly one source, every stage reaches an observer or a sink, and
// stages come after those that they read from. The catalog must outlive it.
struct Pipeline {
  std::string name;
  std::filesystem::path file;
  std::vector<PipelineStage> stages;
  RunSettings run;

  PipelineStage const& source() const;
  OnError on_error(PipelineStage const& stage) const {
    return stage.on_error.value_or(run.on_error);
  }
};

// An argument "stage.option=value" or "run.key=value" that replaces what the file says.
struct Override {
  std::string argument;
};

struct PipelineRequest {
  std::filesystem::path file;
  std::vector<Override> overrides;
  std::filesystem::path working_folder = std::filesystem::current_path();  // of the overrides
  Environment environment = process_environment();
};

// Reads and checks a pipeline file. Throws PipelineError with every mistake in it, and UsageError
// when the file cannot be read.
Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog);

// The same for a text; paths in it are relative to `file`'s folder.
Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog);

// The pipeline as a file with every option spelled out and every path absolute; reading it gives
// the same pipeline, whatever the environment.
std::string resolved_toml(Pipeline const& pipeline);

// The graph of its stages, for Graphviz or Mermaid.
std::string graph_dot(Pipeline const& pipeline);
std::string graph_mermaid(Pipeline const& pipeline);

}  // namespace seplflow
