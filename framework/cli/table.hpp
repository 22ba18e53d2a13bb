// Tables on the terminal.
#pragma once

#include <ostream>
#include <string>

#include "plugin/stage.hpp"

namespace seplflow::cli {

// "81.25"; with a sign, "+1.25".
std::string percent(double fraction, bool sign = false);

// Title, header (unless all columns are nameless) and rows in columns as wide as their widest cell.
void print_table(std::ostream& out, SummaryTable const& table);

}  // namespace seplflow::cli
