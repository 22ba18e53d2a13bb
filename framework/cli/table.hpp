// Tables on the terminal.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "plugin/stage.hpp"

namespace seplflow::cli {

// "1 sample", "3 samples"
std::string counted(std::uint64_t count, std::string const& noun);

// "81.25"; with a sign, "+1.25".
std::string percent(double fraction, bool sign = false);

// Title, header (unless all columns are nameless) and rows in columns as wide as their widest cell.
void print_table(std::ostream& out, SummaryTable const& table);

}  // namespace seplflow::cli
