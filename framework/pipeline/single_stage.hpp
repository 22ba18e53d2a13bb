// A stage with its options, without a pipeline around it.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow {

// The stage `use`, named after itself, with the options of a TOML text, as the table of a stage in a
// pipeline file has them. Its check() finds the required inputs and those in `connected` connected, and
// all outputs wanted but those that are made on request and not in `requested`. Paths are relative to the
// current folder. Throws PipelineError with the messages that a pipeline file would cause. The catalog
// must outlive it.
PipelineStage single_stage(std::string const& use, std::string const& options,
                           std::vector<std::string> const& connected,
                           std::vector<std::string> const& requested, StageCatalog const& catalog,
                           std::vector<Problem>& warnings);

}  // namespace seplflow
