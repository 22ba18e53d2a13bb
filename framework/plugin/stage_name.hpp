// The names of stages.
#pragma once

#include <seplflow/export.hpp>

#include <string_view>

namespace seplflow {

// Whether a name has the form "family.stage", or more parts. Each part is a letter, then letters,
// digits and "_", in lower case.
SEPLFLOW_API bool is_stage_type(std::string_view name);

}  // namespace seplflow
