// Reads [[variant]]. Internal to the pipeline layer.
#pragma once

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// Adds the elements of the list to the document's variants.
void read_variants(Setting const& list, SweepContext const& context);

}  // namespace seplflow
