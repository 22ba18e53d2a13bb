// The text of a sweep in the resolved pipeline. Internal to the pipeline layer.
#pragma once

#include <string>

#include "pipeline/environment.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

// The stages, [sweep] and [[variant]] of a checked pipeline. Values are resolved, and options that
// the sweep does not change are spelled out. Wires stay as they were written, since the names of a
// stage's outputs may differ between variants.
std::string sweep_text(Document const& document, Sweep& sweep, Pipeline const& pipeline,
                       Environment const& environment);

}  // namespace seplflow
