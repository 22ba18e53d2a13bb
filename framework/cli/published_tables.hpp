// The numbers of a run beside those that a paper prints.
#pragma once

#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/stage.hpp"
#include "run/run.hpp"

namespace seplflow::cli {

// None if the pipeline has no [published], or the run has no scores.
std::vector<SummaryTable> published_tables(Pipeline const& pipeline, RunReport const& report);

}  // namespace seplflow::cli
