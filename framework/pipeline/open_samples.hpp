// Reads a few samples of a checked pipeline as a run would.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

struct OpenedSamples {
  std::vector<Problem> errors, warnings;  // at the stages; warnings also where on_error = "skip"
  bool any_failed = false;                // a sample in some stage, as an error or as a warning
};

// Lets the data set, all stages that only load files and those that are declared works_in_check()
// work on Pipeline::some_samples. What other stages compute is left out, but they are asked whether
// they can work on such samples (check_sample). Nothing is written. Each stage reports its first
// failure, and each of its warnings once. What a stage expects of its counts is an error only if
// these are all samples of the run: `are_all`.
OpenedSamples open_samples(Pipeline const& pipeline, bool are_all = false);

}  // namespace seplflow
