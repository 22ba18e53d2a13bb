// What a run that goes on finds in its folder, and what it must not leave there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/setting_text.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/history.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

class Resumption {
 public:
  // Throws RunFolderError when the run in the folder cannot become one of this pipeline without
  // losing what it has: it is of another name, data set or shard, it is a sweep and this is none,
  // or it has more samples.
  Resumption(RunFolder& folder, Pipeline const& pipeline);

  // Whose files the run before kept; nothing when it was no sweep.
  static std::optional<Keep> keep(RunRecord const& before);

  // Which settings and plugins changed since, one line each: "select: t1 changed from 0.5 to 0.6:
  // 1464 samples".
  std::vector<std::string> changes(Json const& plugins, std::string const& framework,
                                   std::uint64_t samples) const;

  // When all is written: removes what the run before had written and this one has not. `outputs`
  // are the names of its sinks' files, below their folders, as fingerprints.
  std::vector<std::string> clear_away(std::unordered_set<std::uint64_t> const& outputs);

 private:
  void require_same_samples() const;

  RunFolder& folder_;
  Pipeline const& pipeline_;
  std::vector<SettingText> before_, after_;  // pipeline.toml
};

// "64 of 1464 samples were done again or anew: ..."; empty when nothing was.
std::string to_text(Reuse const& reuse, std::uint64_t emitted, std::uint64_t recalled);

}  // namespace seplflow
