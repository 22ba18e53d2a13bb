// What a resumed run finds in its folder, and what it must not leave there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/setting_text.hpp"
#include "run/resume/known_results.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

class Resumption {
 public:
  // Throws RunFolderError when the run in the folder cannot become a run of this pipeline without
  // losing results: it has another name, data set or shard, or more samples, or it is a sweep and
  // the pipeline is not.
  Resumption(RunFolder& folder, Pipeline const& pipeline);

  // Which settings and plugins changed since then, one line each: "select: t1 changed from 0.5 to
  // 0.6: 1464 samples". `record` is of this run.
  std::vector<std::string> changes(Json const& record, std::uint64_t samples) const;

  // When all is written: removes what the previous run had written and this one has not. `outputs`
  // are the names of its sinks' files, below their folders, as fingerprints.
  void remove_stale_files(std::unordered_set<std::uint64_t> const& outputs);

 private:
  void require_same_samples() const;
  [[noreturn]] void refuse(std::string const& what) const;

  RunFolder& folder_;
  Pipeline const& pipeline_;
  std::vector<SettingText> before_, after_;  // pipeline.toml
};

// Removes the scores, tables and files that the run in the folder wrote and this one has not, for
// the stages of its pipeline.toml and those that are given. `outputs` are as above.
void remove_results(RunFolder& folder, std::set<std::string> stages,
                    std::unordered_set<std::uint64_t> const& outputs);

// "64 of 1464 samples needed work: ..."; empty when none did.
std::string to_text(Reuse const& reuse, std::uint64_t emitted, std::uint64_t recalled);

}  // namespace seplflow
