// A JSON Schema of pipeline files.
#pragma once

#include "catalog/catalog.hpp"
#include "run/json.hpp"

namespace seplflow::cli {

// A schema for editors, of pipelines that use the catalog's stages. It accepts every pipeline that
// `seplflow check` accepts, and points at the option that is wrong.
Json pipeline_schema(StageCatalog const& catalog);

}  // namespace seplflow::cli
