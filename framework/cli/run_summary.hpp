// The summary of a run.
#pragma once

#include "pipeline/pipeline.hpp"
#include "run/run.hpp"

namespace seplflow::cli {

// To standard output.
void print_summary(Pipeline const& pipeline, RunReport const& report);

int exit_status(RunStatus status);

}  // namespace seplflow::cli
