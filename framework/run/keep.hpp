// Which variants' files a sweep writes.
#pragma once

#include "pipeline/pipeline.hpp"

namespace seplflow {

// As the pipeline says, else all of up to eight variants, and none of more when there is an
// evaluator.
Keep keep_of(Pipeline const& pipeline);

// The pipeline itself. Throws UsageError when what it says makes no sense: there are no variants,
// or the best cannot be told.
Pipeline const& with_sound_keep(Pipeline const& pipeline);

}  // namespace seplflow
