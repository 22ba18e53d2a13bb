// Reads what a pipeline sweeps: [sweep], [[variant]] and --sweep. Internal to the pipeline layer.
#pragma once

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// Fills the document's axes and variants. Where an error leaves a setting of a stage unknown, the
// stage gets it without a value, so that nothing reports it as missing.
void read_sweep(SweepContext const& context);

}  // namespace seplflow
