// Stages in words and as data, from their declarations.
#pragma once

#include <string>

#include "plugin/stage.hpp"
#include "run/json.hpp"

namespace seplflow::cli {

// The stage as a page of the manual (docs/stages/NAME.md).
std::string stage_page(StageDeclaration const& stage);

// The stage for a terminal.
std::string stage_description(StageDeclaration const& stage);

// The declaration as JSON.
Json stage_json(StageDeclaration const& stage);

Json to_json(OptionValue const& value);

}  // namespace seplflow::cli
