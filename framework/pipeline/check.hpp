// The steps that turn a document into a pipeline. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

// Checks a document whose own errors are in `problems`. Throws PipelineError with all errors.
Pipeline check_document(Document const& document, PipelineRequest const& request,
                        StageCatalog const& catalog, std::vector<Problem> problems);

// A stage while it is being checked.
struct Draft {
  StageEntry const* entry;
  PipelineStage stage;       // without a declaration if its `use` is invalid
  std::vector<bool> switched_off = {};  // the inputs that the pipeline leaves unconnected
  bool inputs_known = true;  // false if an error in `in` was reported
  bool configured = false;   // whether all options are valid, apart from files that do not exist
};

// How messages name a stage: stage "select" (sepl.select).
inline std::string label_of(PipelineStage const& stage) {
  return "stage \"" + stage.name + "\" (" + stage.declaration->name + ")";
}
inline std::string label_of(Draft const& draft) {
  return label_of(draft.stage);
}

// The stages of one variant in the order of the file, connected.
struct DraftSet {
  std::vector<Draft> drafts;
  std::vector<std::size_t> order;  // indices, each stage after those that it reads from
  std::vector<Problem> problems;
  // Whether a sink or an observer depends on the stage; empty if there are errors.
  std::vector<bool> used;
  bool is_sound = true;  // false if a stage is unknown or not connected; `order` is unreliable then
};

// The stage that `use` of the entry names. Null, with a problem, for a stage that is unknown or defined
// more than once.
StageDeclaration const* find_declaration(StageEntry const& entry, StageCatalog const& catalog,
                                         Environment const& environment,
                                         std::vector<Problem>& problems);

// ` has no input "mask"; did you mean "masks"? (it has "pseudo" and "masks")`
std::string no_port(std::string const& kind, std::string const& name,
                    std::vector<Port> const& ports);

// Reads the `in` of each stage and checks that the types fit, and that there is one source and no
// cycle.
DraftSet wire_stages(std::vector<Draft> drafts, Document const& document,
                     Environment const& environment);

// Creates the stage's instance, sets its options and, if all are valid, lets the stage check them.
void configure_stage(Draft& draft, Environment const& environment, std::vector<Problem>& problems,
                     std::vector<Problem>& warnings);

// Enumerates the samples of a run, if there is exactly one source among the stages, and reports
// those whose files do not exist; no file is opened. The source is used up: it cannot run
// afterwards. A stage that skips failed samples only gets a warning. Returns the first sample, one
// from the middle and the last. A source whose samples have no files is not enumerated to its end.
std::vector<Sample> report_missing_files(std::vector<PipelineStage const*> stages, RunSettings const& run,
                          VariantProblems& errors, VariantProblems& warnings);

}  // namespace seplflow
