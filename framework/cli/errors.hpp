// Errors, warnings and the log on stderr.
#pragma once

#include <filesystem>
#include <string>

#include "catalog/catalog.hpp"
#include "pipeline/problem.hpp"

namespace seplflow::cli {

void print_warning(Problem const& warning);
void print_warning(std::string const& warning);
// Each with its place, the first ones, and how many there are.
void print_errors(std::vector<Problem> const& problems);

// Says that a plugin makes the program wait.
std::string waiting_for(std::filesystem::path const& plugin);

// default_catalog(); prints its warnings.
StageCatalog catalog_with_warnings();

// Prints the exception that is being handled, and returns the exit status for it.
int report_error();

// Shows the log from a level on: debug, info, warning, error or off. `bar`: a progress bar is drawn
// there too, and must make room.
void log_to_stderr(std::string const& level, bool bar);

}  // namespace seplflow::cli
