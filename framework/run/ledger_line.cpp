#include "run/ledger_line.hpp"

#include <algorithm>

#include "run/json.hpp"

namespace seplflow {
namespace {

// The same failure of a stage in several variants.
struct CommonFailure {
  std::size_t stage;  // the first of them
  std::string const* error;
  std::vector<std::size_t> variants;
};

std::vector<CommonFailure> common_failures(Pipeline const& pipeline,
                                           std::vector<Failure> const& failures) {
  std::vector<CommonFailure> common;
  for (Failure const& failure : failures) {
    PipelineStage const& stage = pipeline.stages[failure.stage];
    auto found = std::ranges::find_if(common, [&](CommonFailure const& other) {
      return pipeline.stages[other.stage].name == stage.name && *other.error == failure.error;
    });
    if (found == common.end()) {
      found = common.insert(common.end(), {failure.stage, &failure.error, {}});
    }
    found->variants.insert(found->variants.end(), stage.variants.begin(), stage.variants.end());
  }
  for (CommonFailure& failure : common) std::ranges::sort(failure.variants);
  return common;
}

Json to_json(Pipeline const& pipeline, CommonFailure const& failure) {
  Json json = {{"stage", pipeline.stages[failure.stage].name}, {"error", *failure.error}};
  if (failure.variants.size() < pipeline.variants.size()) {
    for (std::size_t const v : failure.variants) {
      json["variants"].push_back(pipeline.variants[v].name);
    }
  }
  return json;
}

SampleMemory::Entry::Kind kind_of(Pipeline const& pipeline, StageMemory const& memory) {
  using Kind = SampleMemory::Entry::Kind;
  if (memory.outcome == Outcome::failed) return Kind::failed;
  if (memory.outcome == Outcome::skipped) return Kind::skipped;
  if (!memory.kept) return Kind::nothing;
  StageDeclaration const& stage = *pipeline.stages[memory.part.stage].declaration;
  if (stage.kind != StageKind::sink) return Kind::result;
  return stage.folds ? Kind::files_and_result : Kind::files;
}

}  // namespace

std::string ledger_line(Pipeline const& pipeline, Retired const& retired) {
  Json line = {{"id", text_of_bytes(retired.sample.id)}, {"outcome", to_string(retired.outcome)}};
  if (retired.sample.repetition > 0) line["repetition"] = retired.sample.repetition;
  auto const failures = common_failures(pipeline, retired.failures);
  if (!failures.empty()) line.update(to_json(pipeline, failures.front()));
  for (std::size_t i = 1; i < failures.size(); ++i) {
    line["also"].push_back(to_json(pipeline, failures[i]));
  }
  if (failures.empty() && retired.skipped_by) {
    line["stage"] = pipeline.stages[*retired.skipped_by].name;
  }
  return json_text(line);
}

SampleMemory memory_of(Pipeline const& pipeline, ContentKeys const& keys, Retired const& retired) {
  SampleMemory memory{memory_id(retired.sample.id, retired.sample.repetition),
                      identity_of(retired.sample), 0, {}};
  memory.entries.reserve(retired.memories.size());
  for (StageMemory const& each : retired.memories) {
    memory.entries.push_back(
        {keys[each.part], each.stamp, kind_of(pipeline, each), each.kept, each.warnings,
         each.counts});
  }
  return memory;
}

}  // namespace seplflow
