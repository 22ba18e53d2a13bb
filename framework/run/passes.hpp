// The passes over the data set that a run makes: one for the ledger, the scores and most files, and
// a second one for the files of the best variant, which is known only then.
#pragma once

#include <vector>

#include "run/pass.hpp"

namespace seplflow {

// Whether sinks write files of single variants.
bool has_files_of_variants(Pipeline const& pipeline);

// Everything but the files of variants that are not kept, or not yet known to be the best.
Pass first_pass(Pipeline const& pipeline);

// The files of one variant.
Pass pass_for(Pipeline const& pipeline, Variant const& variant);

// The pipeline with new instances of the stages that remember samples.
Pipeline begun_again(Pipeline pipeline);

// What all passes counted, for so many stages.
RunTotals totals_of(std::vector<PassResult> const& passes, std::size_t stages);

}  // namespace seplflow
