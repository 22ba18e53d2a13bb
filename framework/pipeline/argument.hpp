// Settings on the command line: "stage.option=value". Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// "KEY=VALUE" as it stands behind a flag: the value is there as text only, and the key is empty
// where there is none. Arguments are numbered from 1.
Setting read_argument(std::string flag, std::string const& argument, std::size_t number,
                      std::filesystem::path const& working_folder);

// The elements of "a,b,c" and the column, from 1, that each begins at. Commas in quotes and in
// brackets separate nothing.
struct ArgumentElement {
  std::string text;
  std::uint32_t column;
};
std::vector<ArgumentElement> split_list(std::string_view text);

}  // namespace seplflow
