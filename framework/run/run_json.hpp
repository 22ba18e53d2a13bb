// run.json: the record of a run.
#pragma once

#include <map>
#include <string>

#include "catalog/catalog.hpp"
#include "run/json.hpp"
#include "run/run.hpp"

namespace seplflow {

// What is known when the run starts. `hashes` are those of the plugins, by stage type.
Json record_at_start(Pipeline const& pipeline, std::map<std::string, std::string> const& hashes,
                     StageCatalog const& catalog, RunRequest const& request);

// What is known when it ends.
void add_end(Json& record, Pipeline const& pipeline, RunReport const& report);

}  // namespace seplflow
