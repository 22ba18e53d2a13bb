// Stages in words and as data, from their declarations.
#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "run/json.hpp"

namespace seplflow::cli {

// The stage as a page of the manual (docs/stages/NAME.md).
std::string stage_page(StageDeclaration const& stage);

// The stage for a terminal.
std::string stage_description(StageDeclaration const& stage);

// The declaration as JSON.
Json stage_json(StageDeclaration const& stage);

Json to_json(OptionValue const& value);

// A JSON Schema of pipelines that use the catalog's stages, for editors. It accepts every pipeline
// that `seplflow check` accepts, and points at the option that is wrong.
Json pipeline_schema(StageCatalog const& catalog);

}  // namespace seplflow::cli
