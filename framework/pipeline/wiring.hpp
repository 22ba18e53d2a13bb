// Connects the stages of a pipeline. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/draft.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"

namespace seplflow {

// Reads every stage's `in`, checks that types fit, that there is one source, no circle, and no
// stage that nothing depends on. Returns the drafts' indices with every stage after those that it
// reads from; meaningless when there are problems.
std::vector<std::size_t> wire(Drafts& drafts, Document const& document,
                              Environment const& environment, std::vector<Problem>& problems);

}  // namespace seplflow
