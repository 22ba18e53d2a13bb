// The interpreter for tests of stages in Python files.
#pragma once

#include <cstdlib>
#include <string>

#include "support/program.hpp"

// The path of one that has numpy: that of SEPLFLOW_PYTHON, of the distribution, or the first on
// PATH.
inline std::string const& python() {
  static std::string const found = [] {
    char const* const set = std::getenv("SEPLFLOW_PYTHON");
    for (std::string const name : {set ? set : "", "/usr/bin/python3", "python3"}) {
      if (name.empty()) continue;
      auto const result = run_program({name, "-c", "import numpy, sys; print(sys.executable)"});
      if (result.status == 0) return result.out.substr(0, result.out.find('\n'));
    }
    return std::string("no-python-with-numpy");
  }();
  return found;
}
