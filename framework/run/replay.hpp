// A finished run's samples once more: its stages work again on chosen samples, and the values on
// their ports can be looked at. Nothing is written.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/sample_values.hpp"
#include "run/run_place.hpp"

namespace seplflow {

struct ReplayRequest {
  std::filesystem::path folder;         // a run, a variant of a sweep, or a sweep: its best variant
  std::vector<std::string> overrides;   // "stage.option=value", for data that was moved
};

class Replay {
 public:
  // Throws UsageError: for a folder that does not hold a run, for a sweep without a best variant,
  // and PipelineError, at the places in its pipeline.toml, when a plugin is missing, data was moved
  // or this version does not have an option of the run. The catalog must outlive it.
  Replay(ReplayRequest const& request, StageCatalog const& catalog);
  ~Replay();
  Replay(Replay const&) = delete;
  Replay& operator=(Replay const&) = delete;

  // The run, or the variant that is replayed: the best one if the request named a sweep.
  RunPlace const& place() const { return place_; }
  bool chose_best() const { return chose_best_; }

  // Has one variant.
  Pipeline const& pipeline() const { return pipeline_; }

  // Why values may differ from those of the run: another version of the program, other builds of it
  // or of plugins. Nothing where all are the same.
  std::string what_differs() const;

  // The samples with these ids, in the order of `ids`. Enumerates the data set once, up to the last
  // of them, and opens no sample. Throws UsageError for ids that the run does not have, with names
  // that are similar. Their values refer to this object.
  std::vector<SampleValues> samples(std::vector<std::string> const& ids);

  // The stages, or outputs ("voc.truth"), whose files of the sample are not those that the run read:
  // their sizes or times differ. Only of stages that the run remembers.
  std::vector<std::string> changed_inputs(Sample const& sample);

 private:
  struct Memories;

  void choose_variant();
  void load(ReplayRequest const& request, StageCatalog const& catalog);
  [[noreturn]] void refuse_unknown(std::string const& id, std::vector<std::string> const& known) const;

  RunPlace place_;
  bool chose_best_ = false;
  StageCatalog const& catalog_;
  Pipeline pipeline_;
  bool is_source_used_ = false;
  std::unique_ptr<Memories> memories_;  // when they are needed
};

// The row of an observer's table for a sample; nothing when the observer needs a value that the
// sample does not have, or has no table. Throws Error, with the stage and the sample, when a stage
// failed.
std::optional<Row> row_of(SampleValues& values, std::size_t observer);

}  // namespace seplflow
