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

void require_sound_keep(Pipeline const& pipeline) {
  if (!pipeline.run.keep) return;
  if (!pipeline.sweeps()) {
    throw UsageError(
        "keep selects the variants whose files a sweep writes, but this pipeline has "
        "no variants");
  }
  if (*pipeline.run.keep == Keep::best && !is_scored(pipeline)) {
    throw UsageError(
        "keep = \"best\" needs an evaluator that finds the best variant, such as eval.miou; use "
        "keep = \"all\" or \"none\"");
  }
}

std::filesystem::path home_of(Pipeline const& pipeline, Variant const& variant) {
  if (!pipeline.sweeps()) return {};
  return std::filesystem::path("variants") / variant.name;
}

std::vector<std::filesystem::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage) {
  if (pipeline.serves_all(stage)) return {std::filesystem::path()};
  std::vector<std::filesystem::path> homes;
  for (std::size_t const v : stage.variants) {
    homes.push_back(home_of(pipeline, pipeline.variants[v]));
  }
  return homes;
}

}  // namespace seplflow
