// The part of a run's summary that is about its variants.
#pragma once

#include "cli/table.hpp"
#include "pipeline/pipeline.hpp"
#include "run/run.hpp"

namespace seplflow::cli {

// Nothing for a run of one pipeline.
void print_sweep(Page& page, Pipeline const& pipeline, RunReport const& report);

}  // namespace seplflow::cli
