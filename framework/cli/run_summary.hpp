// What a run has to say at its end.
#pragma once

#include <ostream>

#include "pipeline/pipeline.hpp"
#include "run/run.hpp"

namespace seplflow::cli {

void print_summary(std::ostream& out, Pipeline const& pipeline, RunReport const& report);

int exit_status(RunStatus status);

}  // namespace seplflow::cli
