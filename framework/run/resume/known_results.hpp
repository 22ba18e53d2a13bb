// What earlier runs already know about the samples of this one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/sample_memory.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

struct PastRun {
  std::filesystem::path folder;
  MemoryReader memories;
};

// Why samples need work although earlier runs may know them, and how many.
struct Reuse {
  std::uint64_t unknown = 0;                            // nothing is known of the sample
  std::uint64_t incomplete = 0;                         // a result is missing
  std::uint64_t failed = 0;                             // it failed
  std::uint64_t other_samples = 0;                      // its size or classes changed
  std::map<std::string, std::uint64_t> changed_inputs;  // its files changed, by stage
  std::map<std::string, std::uint64_t> lost_outputs;    // its files are gone or damaged, by stage
  std::map<std::string, std::uint64_t> ordered;         // it needs all samples in order, by stage
};

class KnownResults {
 public:
  struct Request {
    std::vector<bool> ends;                                 // that take part, by stage
    std::vector<std::vector<std::filesystem::path>> homes;  // of the files of each stage
    bool trust_inputs = false;      // do not check whether the files read have changed
    bool must_be_complete = false;  // a sample that needs work is an error; failures stay failures
    TakeFiles files = TakeFiles::copy;  // how files of other runs get into `into`
  };

  // All but the request must outlive it. Files of sinks that are in other folders than `into` are
  // taken there when they are recalled.
  KnownResults(Pipeline const& pipeline, ContentKeys const& keys, RunFolder& into,
          std::vector<PastRun> runs, Request request);

  // See RunListener::recall.
  std::vector<StageMemory> recall(Sample const& sample);

  Reuse const& reuse() const { return reuse_; }

  // When all samples were recalled: those in the run's own folder that were not. `but` are ids.
  MemoryReader::Unlisted unlisted(std::vector<std::string> const& but) const;

 private:
  class Recall;

  Pipeline const& pipeline_;
  ContentKeys const& keys_;
  RunFolder& into_;
  std::vector<PastRun> runs_;
  Request const request_;
  Reuse reuse_;
};

}  // namespace seplflow
