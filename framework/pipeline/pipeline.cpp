#include "pipeline/pipeline.hpp"

#include <algorithm>

namespace seplflow {

std::string Pipeline::some_variant(PipelineStage const& stage) const {
  if (variants.empty() || serves_all(stage)) return "";
  std::size_t const others = stage.variants.size() - 1;
  return " in \"" + variants[stage.variants.front()].name + "\"" +
         (others == 0 ? ""
                      : " and " + std::to_string(others) + (others == 1 ? " other" : " others"));
}

bool Pipeline::is_grid() const {
  return axes.size() == 2 && axes[0].values.size() * axes[1].values.size() == variants.size();
}

std::size_t Pipeline::source_index() const {
  auto const kind = [](PipelineStage const& stage) { return stage.declaration->kind; };
  return static_cast<std::size_t>(std::ranges::find(stages, StageKind::source, kind) -
                                  stages.begin());
}

}  // namespace seplflow
