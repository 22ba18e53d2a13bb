// Reads the axes of a sweep: [sweep] and --sweep. Internal to the pipeline layer.
#pragma once

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// Adds the axes to the document: those of the file in its order, then those of the command line,
// which replace an axis of the file with the same key. Where an error leaves open what an axis
// sets, it is not added, and what it sets is marked as unknown.
void read_axes(SweepContext const& context);

// Replaces the one value that stands for the range of an axis by the values of the range.
void expand_range(AxisEntry& axis, Document& document);

}  // namespace seplflow
