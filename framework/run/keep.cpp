#include "run/keep.hpp"

#include <algorithm>

namespace seplflow {
namespace {

constexpr std::size_t kFewVariants = 8;

bool is_scored(Pipeline const& pipeline) {
  return std::ranges::any_of(pipeline.stages, [](PipelineStage const& stage) {
    return stage.declaration->kind == StageKind::observer;
  });
}

}  // namespace

Keep keep_of(Pipeline const& pipeline) {
  if (pipeline.run.keep) return *pipeline.run.keep;
  return pipeline.variants.size() > kFewVariants && is_scored(pipeline) ? Keep::none : Keep::all;
}

Pipeline const& with_sound_keep(Pipeline const& pipeline) {
  if (!pipeline.run.keep) return pipeline;
  if (!pipeline.sweeps()) {
    throw UsageError("keep says whose files a sweep writes, and this pipeline has no variants");
  }
  if (*pipeline.run.keep == Keep::best && !is_scored(pipeline)) {
    throw UsageError(
        "keep = \"best\" needs an evaluator that knows the best variant, such as eval.miou; use "
        "keep = \"all\" or \"none\"");
  }
  return pipeline;
}

}  // namespace seplflow
