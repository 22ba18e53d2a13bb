// How a resolved pipeline writes values. Internal to the pipeline layer.
#pragma once

#include <string>

#include "plugin/option.hpp"

namespace seplflow {

// A value that reads back as it is, whatever the environment.
std::string resolved_text(OptionValue value);

}  // namespace seplflow
