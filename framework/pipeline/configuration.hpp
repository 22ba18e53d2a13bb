// Gives the stages of a pipeline their options. Internal to the pipeline layer.
#pragma once

#include <vector>

#include "pipeline/draft.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"

namespace seplflow {

// Makes the stage's instance, sets its options, and, when all of them fit, lets it check them.
void configure(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
               std::vector<Problem>& warnings);

}  // namespace seplflow
