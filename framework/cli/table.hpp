// Tables on the terminal.
#pragma once

#include <ostream>

#include "plugin/stage.hpp"

namespace seplflow::cli {

// Title, header and rows in columns as wide as their widest cell.
void print_table(std::ostream& out, SummaryTable const& table);

}  // namespace seplflow::cli
