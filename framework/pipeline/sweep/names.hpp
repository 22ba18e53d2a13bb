// What the values of a sweep are called. Internal to the pipeline layer.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// A value in the names of variants: 0.3, true, text as it is, lists joined by "-".
std::string text_of(toml::node const& value);
std::string text_of(Setting const& setting);

// Without what a folder's name should not hold.
std::string folder_name(std::string_view text);

// "select.t1=0.3", as names of variants have it.
std::string axis_part(std::string const& key, std::string const& value);

// Gives names to tables without one, and refuses values that would be called the same.
void name_values(AxisEntry& axis, SweepContext const& context);

}  // namespace seplflow
