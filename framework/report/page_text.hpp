// The page around the data, from the files in page/, as one text that CMake puts into the program.
#pragma once

#include <string_view>

namespace seplflow {

// HTML with @TITLE@ and @DATA@ in the places of the title and the JSON of the runs.
std::string_view page_text();

}  // namespace seplflow
