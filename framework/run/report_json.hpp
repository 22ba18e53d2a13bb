// run.json: what is known of a run when it begins, and when it ends.
#pragma once

#include <map>
#include <string>

#include "catalog/catalog.hpp"
#include "run/json.hpp"
#include "run/run.hpp"

namespace seplflow {

// `hashes` are of the plugins, by stage type.
Json record_at_start(Pipeline const& pipeline, std::map<std::string, std::string> const& hashes,
                     StageCatalog const& catalog, RunRequest const& request, Keep keep);

void add_end(Json& record, Pipeline const& pipeline, RunReport const& report);

}  // namespace seplflow
