// The metrics of several runs, number by number and class by class.
#pragma once

#include <utility>
#include <vector>

#include "compare/comparison.hpp"
#include "run/json.hpp"

namespace seplflow {

// The numbers and the classes of an evaluator. `metrics` are those of each run; null for a run that
// does not have the evaluator.
std::pair<std::vector<Comparison::Number>, std::vector<Comparison::Classes>> side_by_side(
    std::vector<Json const*> const& metrics);

}  // namespace seplflow
