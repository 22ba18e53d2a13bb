// Stages in words, as data, and as a schema, all from their declarations.
#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "plugin/stage.hpp"
#include "run/json.hpp"

namespace seplflow::cli {

// The stage as a page of the manual (docs/stages/NAME.md).
std::string stage_page(StageDeclaration const& stage);

// The stage for a terminal.
std::string stage_description(StageDeclaration const& stage);

// The declaration as JSON.
Json stage_json(StageDeclaration const& stage);

// A JSON Schema of pipeline files that use the catalog's stages, for editors.
Json pipeline_schema(StageCatalog const& catalog);

}  // namespace seplflow::cli
