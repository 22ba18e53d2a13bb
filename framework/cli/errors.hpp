// Errors and warnings on the terminal.
#pragma once

#include <ostream>

#include "cli/screen.hpp"
#include "pipeline/problem.hpp"

namespace seplflow::cli {

void print_warning(std::ostream& out, Screen const& screen, Problem const& warning);

// Prints the exception that is being handled, and returns the exit status for it.
int report_error(std::ostream& out, Screen const& screen);

}  // namespace seplflow::cli
