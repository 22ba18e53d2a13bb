// Settings on the command line: "stage.option=value". Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// "KEY=VALUE" as it stands behind a flag. The value is set as text only, and the key is empty if
// there is no "=". Arguments are numbered from 1.
Setting read_argument(std::string flag, std::string const& argument, std::size_t number,
                      std::filesystem::path const& working_folder);

// The elements of the argument's value "a,b,c", each with its own value. Commas in quotes and in
// brackets do not separate elements.
std::vector<Setting> split_list(Setting const& argument, Document& document);

}  // namespace seplflow
