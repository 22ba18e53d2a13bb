// The Python code that workers run, as a part of this program. Internal to the catalog.
#pragma once

#include <string_view>

namespace seplflow {

// The names and texts of its files, seplflow/plugin.py and worker/*.py, with a zero byte after
// each.
std::string_view python_text();

}  // namespace seplflow
