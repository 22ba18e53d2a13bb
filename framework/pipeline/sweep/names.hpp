// The names of the variants of a sweep and of their values. Internal to the pipeline layer.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// A value in the names of variants: 0.3, true, texts unchanged, lists joined by "-".
std::string text_of(toml::node const& value);
std::string text_of(Setting const& setting);
std::string text_of(OptionValue const& value);

// The text without the characters that the name of a folder should not contain.
std::string folder_name(std::string_view text);

// Names the tables of an axis that have no name, and refuses values that would have the same name.
void name_values(AxisEntry& axis, SweepContext const& context);

}  // namespace seplflow
