// Identifies what the results of a stage depend on, apart from the sample and the files that it
// reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

// The hash of the plugin of each stage that a pipeline uses, by the stage's type ("sepl.select").
std::map<std::string, std::string> plugin_hashes(Pipeline const& pipeline,
                                                 StageCatalog const& catalog);

// The hash of the library that plugins share with the program.
std::string framework_hash();

// Two stages with the same key compute the same from the same sample, in this run or another: the
// key covers the stage's type, its plugin, its options that can change results, the size and time of
// files among the options, and the keys of its inputs.
class ContentKeys {
 public:
  ContentKeys(Pipeline const& pipeline, std::map<std::string, std::string> const& plugin_hashes);

  std::uint64_t operator[](Part const& part) const;

 private:
  std::uint64_t key_of(PipelineStage const& stage, std::string const& plugin_hash) const;

  Pipeline const& pipeline_;
  std::vector<std::uint64_t> keys_;  // by stage
};

}  // namespace seplflow
