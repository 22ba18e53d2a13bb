// What a run found, beside what a paper prints.
#pragma once

#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/stage.hpp"
#include "run/run.hpp"

namespace seplflow::cli {

// None where the pipeline has no [published], or the run no scores.
std::vector<SummaryTable> published_tables(Pipeline const& pipeline, RunReport const& report);

}  // namespace seplflow::cli
