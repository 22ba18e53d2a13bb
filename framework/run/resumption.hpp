// What a run that goes on finds in its folder, and what it must not leave there.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "run/content_keys.hpp"
#include "run/history.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

class Resumption {
 public:
  // Throws RunFolderError when the run in the folder is one of another pipeline: one of another
  // name, or over another data set.
  Resumption(RunFolder& folder, Pipeline const& pipeline);

  // Which settings and plugins changed since, one line each: "select: t1 changed from 0.5 to 0.6:
  // 1464 samples".
  std::vector<std::string> changes(Json const& plugins, std::string const& framework,
                                   std::uint64_t samples) const;

  // Removes what belongs to other settings or is made anew at the end: tables and metrics, files of
  // variants and stages that are no more, and files of sinks whose key is not among `known` or that
  // do not take part. Says what it removed beside tables and metrics.
  std::vector<std::string> clear(ContentKeys const& keys, std::set<std::uint64_t> const& known,
                                 std::vector<bool> const& ends);

 private:
  RunFolder& folder_;
  Pipeline const& pipeline_;
  std::string before_, after_;  // pipeline.toml
};

// "64 of 1464 samples were done again or anew: ..."; empty when nothing was.
std::string to_text(Reuse const& reuse, std::uint64_t emitted, std::uint64_t recalled);

}  // namespace seplflow
