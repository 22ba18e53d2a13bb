// A sweep as the resolved pipeline has it. Internal to the pipeline layer.
#pragma once

#include <string>

#include "pipeline/environment.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

// The stages, [sweep] and [[variant]] of a checked pipeline, with every value resolved and every
// option spelled out that the sweep leaves alone. Wires stay as they were written: what a stage's
// outputs are called is for each variant to say.
std::string sweep_text(Document const& document, Sweep& sweep, Pipeline const& pipeline,
                       Environment const& environment);

}  // namespace seplflow
