// What a run reads must not be what it writes, or it would differ with every resume.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// Throws UsageError when something inside the run folder is an option of a stage, is read by it
// before the run (the files that a list names included), or is a file of one of
// Pipeline::some_samples.
void require_inputs_outside(Pipeline const& pipeline, std::filesystem::path const& folder);

// The same for what stages read for each sample. Safe to use from several threads.
class InputsOfSamples {
 public:
  // `pipeline` must outlive it.
  InputsOfSamples(Pipeline const& pipeline, std::filesystem::path folder);
  void require_outside(std::size_t stage, std::vector<std::filesystem::path> const& files);

 private:
  Pipeline const& pipeline_;
  std::filesystem::path const folder_;
  std::mutex mutex_;
  // By stage: the folder of its last file. To follow its links for each file would cost too much.
  std::vector<std::filesystem::path> outside_;
};

}  // namespace seplflow
