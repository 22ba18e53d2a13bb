#include "run/layout.hpp"

namespace seplflow {

namespace fs = std::filesystem;

fs::path home_of(Pipeline const& pipeline, Variant const& variant) {
  return pipeline.sweeps() ? fs::path("variants") / variant.name : fs::path();
}

std::vector<fs::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage) {
  if (pipeline.serves_all(stage)) return {fs::path()};
  std::vector<fs::path> homes;
  for (std::size_t const v : stage.variants) {
    homes.push_back(home_of(pipeline, pipeline.variants[v]));
  }
  return homes;
}

}  // namespace seplflow
