#include "run/passes.hpp"

#include <algorithm>

#include "run/resume/past_runs.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

bool is_sink_of_variants(Pipeline const& pipeline, PipelineStage const& stage) {
  return stage.declaration->kind == StageKind::sink && !pipeline.serves_all(stage);
}

}  // namespace

bool has_files_of_variants(Pipeline const& pipeline) {
  return std::ranges::any_of(pipeline.stages, [&](PipelineStage const& stage) {
    return is_sink_of_variants(pipeline, stage);
  });
}

Pass first_pass(Pipeline const& pipeline) {
  Pass pass{kLedger, {}, {}};
  bool const all = keep_of(pipeline) == Keep::all;
  for (PipelineStage const& stage : pipeline.stages) {
    pass.ends.push_back(stage.is_end() && (all || !is_sink_of_variants(pipeline, stage)));
    pass.homes.push_back(homes_of(pipeline, stage));
  }
  return pass;
}

Pass pass_for(Pipeline const& pipeline, Variant const& variant) {
  std::size_t const stages = pipeline.stages.size();
  Pass pass{kBestFiles, std::vector<bool>(stages), std::vector<std::vector<fs::path>>(stages)};
  for (std::size_t const s : variant.stages) {
    pass.ends[s] = is_sink_of_variants(pipeline, pipeline.stages[s]);
    pass.homes[s] = {home_of(pipeline, variant)};
  }
  return pass;
}

Pipeline begun_again(Pipeline pipeline) {
  for (PipelineStage& stage : pipeline.stages) {
    bool const remembers =
        stage.declaration->kind == StageKind::source || stage.declaration->ordered;
    if (remembers) stage.instance = configured_anew(stage);
  }
  return pipeline;
}

// The second pass has nothing but the files of the best variant.
RunTotals totals_of(std::vector<PassResult> const& passes, std::size_t stages) {
  RunTotals totals = passes.empty() ? RunTotals() : passes.front().totals;
  totals.stages.resize(stages);
  if (passes.size() < 2) return totals;
  RunTotals const& second = passes.back().totals;
  for (std::size_t s = 0; s < second.stages.size(); ++s) {
    if (totals.stages[s].in == 0) totals.stages[s] = second.stages[s];
  }
  totals.end = second.end;
  totals.error = second.error;
  totals.failed = std::max(totals.failed, second.failed);
  return totals;
}

}  // namespace seplflow
