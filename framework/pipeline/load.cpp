#include "base/text_file.hpp"
#include "pipeline/check.hpp"
#include "pipeline/document.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/sweep/read_sweep.hpp"

namespace seplflow {

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
