#include "run/inputs_outside.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "run/run_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

bool is_inside(fs::path const& path, fs::path const& folder) {
  std::error_code unknown;
  fs::path const inner = fs::weakly_canonical(path, unknown);
  fs::path const outer = fs::weakly_canonical(folder, unknown);
  return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

void require_outside(PipelineStage const& stage, std::string const& what, fs::path const& path,
                     fs::path const& out) {
  if (!is_inside(path, out)) return;
  throw RunFolderError(label_of(stage) + ": " + what + " " + path.string() +
                       ", which is inside the run folder " + out.string() +
                       ", so the run would change what it reads; choose another folder for the "
                       "run");
}

void require_file_outside(PipelineStage const& stage, fs::path const& file, fs::path const& out) {
  require_outside(stage, "it reads", file, out);
}

// The files of the stage for the sample, or of the outputs of a source that are used.
std::vector<fs::path> files_of(PipelineStage const& stage, Sample const& sample) {
  if (stage.declaration->kind != StageKind::source) return stage.instance->files(0, sample);
  std::vector<fs::path> files;
  for (std::size_t output = 0; output < stage.wanted.size(); ++output) {
    if (!stage.wanted[output]) continue;
    auto const of_output = stage.instance->files(output, sample);
    files.insert(files.end(), of_output.begin(), of_output.end());
  }
  return files;
}

}  // namespace

InputsOfSamples::InputsOfSamples(Pipeline const& pipeline, fs::path folder)
    : pipeline_(pipeline), folder_(std::move(folder)), outside_(pipeline.stages.size()) {}

void InputsOfSamples::require_outside(std::size_t stage, std::vector<fs::path> const& files) {
  for (fs::path const& file : files) {
    fs::path const parent = file.parent_path();
    {
      std::scoped_lock const lock(mutex_);
      if (outside_[stage] == parent) continue;
    }
    require_file_outside(pipeline_.stages[stage], file, folder_);
    std::scoped_lock const lock(mutex_);
    outside_[stage] = parent;
  }
}

void require_inputs_outside(Pipeline const& pipeline, fs::path const& out) {
  for (PipelineStage const& stage : pipeline.stages) {
    auto const& options = stage.declaration->options;
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (options[i].type != OptionType::path) continue;
      auto const value = stage.instance->option(i);
      if (!value) continue;
      require_outside(stage, "option \"" + options[i].name + "\" is", std::get<std::string>(*value),
                      out);
    }
    for (auto const& [file, state] : stage.files_read) require_file_outside(stage, file, out);
    for (Sample const& sample : pipeline.some_samples) {
      std::vector<fs::path> files;
      // Files that a stage cannot name are reported with the missing ones.
      if (error_of([&] { files = files_of(stage, sample); })) continue;
      for (fs::path const& file : files) require_file_outside(stage, file, out);
    }
  }
}

}  // namespace seplflow
