// Ranges in the place of the values of an axis. Internal to the pipeline layer.
#pragma once

#include <optional>

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// The range that is the value of this change; nothing, with problems, when it is none.
std::optional<AxisRange> read_range(Change change, SweepContext const& context);

// Spells out the values of an axis that is a range.
void expand_range(AxisEntry& axis, Document& document);

}  // namespace seplflow
