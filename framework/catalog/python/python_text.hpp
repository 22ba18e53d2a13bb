// The Python code that workers run, as a part of this program. Internal to the catalog.
#pragma once

#include <string_view>

namespace seplflow {

// plugin.py, which authors import, a zero byte, and _worker.py.
std::string_view python_text();

}  // namespace seplflow
