// Reads the values of an axis. Internal to the pipeline layer.
#pragma once

#include "pipeline/sweep/written_axes.hpp"

namespace seplflow {

// Adds the axis to the document, its values without names and ranges not spelled out. Where a
// mistake leaves open what it sets, that is forgotten instead.
void read_axis(WrittenAxis const& axis, SweepContext const& context);

}  // namespace seplflow
