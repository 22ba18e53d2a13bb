// Reads the value of an option as its declaration requires. Internal to the pipeline layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>
#include <seplflow/option.hpp>
#include "pipeline/document.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"

namespace seplflow {

// A setting that must be a string, with ${...} expanded; nothing, with a problem, if it is not.
std::optional<std::string> read_text(Setting const& setting, Environment const& environment,
                                     std::vector<Problem>& problems);

// The settings with each group of options (select = { worst = 5 }) replaced by what is in it
// (select.worst). A table that is not a group of the stage stays as it is.
std::vector<Setting> option_settings(StageDeclaration const& stage,
                                     std::vector<Setting> const& settings);

// The value, checked against type, range, choices and the file system; nothing, with a problem, if
// it is invalid. Paths become absolute. `owner` names the stage in messages.
std::optional<OptionValue> read_option(Setting const& setting, OptionDeclaration const& option,
                                       std::string const& owner, Environment const& environment,
                                       std::vector<Problem>& problems);

}  // namespace seplflow
