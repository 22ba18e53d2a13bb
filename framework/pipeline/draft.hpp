// A stage of a pipeline while it is being checked. Internal to the pipeline layer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

struct Draft {
  StageEntry const* entry;
  PipelineStage stage;       // without a declaration when its `use` is wrong
  bool inputs_known = true;  // false when a mistake in `in` was reported
  bool configured = false;   // all options fit, but for files that are not there
};

// The stages of a pipeline in the order of its file.
struct Drafts {
  std::vector<Draft> list;
  std::map<std::string, std::size_t> index;  // by name
};

// How messages call a stage: stage "select" (sepl.select).
inline std::string owner(PipelineStage const& stage) {
  return "stage \"" + stage.name + "\" (" + stage.declaration->name + ")";
}
inline std::string owner(Draft const& draft) {
  return owner(draft.stage);
}

}  // namespace seplflow
