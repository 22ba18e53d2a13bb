#include "pipeline/pipeline.hpp"

#include <algorithm>

#include "base/number_text.hpp"
#include "base/text_file.hpp"
#include "pipeline/check.hpp"
#include "pipeline/sweep/read_sweep.hpp"

namespace seplflow {

std::string Pipeline::some_variant(PipelineStage const& stage) const {
  if (variants.empty() || serves_all(stage)) return "";
  std::size_t const others = stage.variants.size() - 1;
  return " in \"" + variants[stage.variants.front()].name + "\"" +
         (others == 0 ? "" : " and " + counted(others, "other"));
}

bool Pipeline::is_grid() const {
  return axes.size() == 2 && axes[0].values.size() * axes[1].values.size() == variants.size();
}

bool Pipeline::is_grid_of_names() const {
  return axes.size() == 1 && axes[0].values.size() < variants.size();
}

std::size_t Pipeline::source_index() const {
  auto const kind = [](PipelineStage const& stage) { return stage.declaration->kind; };
  return static_cast<std::size_t>(std::ranges::find(stages, StageKind::source, kind) -
                                  stages.begin());
}

Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog) {
  std::vector<Problem> problems;
  Document document = read_document(std::move(text), request, problems);
  SweepContext const context{request, catalog, document, problems};
  apply_overrides(context);
  read_sweep(context);
  return check_document(document, request, catalog, std::move(problems));
}

Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog) {
  return parse_pipeline(read_text_file(request.file), request, catalog);
}

}  // namespace seplflow
