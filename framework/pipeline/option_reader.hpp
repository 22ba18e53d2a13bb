// Reads the value of an option as its declaration wants it. Internal to the pipeline layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/document.hpp"
#include "pipeline/environment.hpp"
#include "pipeline/problem.hpp"
#include "plugin/option.hpp"

namespace seplflow {

// Expands ${...} in a setting that must be a string; nothing, with a problem, when it is none.
std::optional<std::string> read_text(Setting const& setting, Environment const& environment,
                                     std::vector<Problem>& problems);

// The value, checked against type, range, choices and the file system; nothing, with problems,
// when it does not fit. Paths come back absolute. `owner` names the stage for messages.
std::optional<OptionValue> read_option(Setting const& setting, OptionDeclaration const& option,
                                       std::string const& owner, Environment const& environment,
                                       std::vector<Problem>& problems);

}  // namespace seplflow
