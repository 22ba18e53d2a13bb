#include "cli/table.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/utf8.hpp"

namespace seplflow::cli {
namespace {

void print_row(std::ostream& out, std::vector<std::string> const& row,
               std::vector<std::size_t> const& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string const padding(widths[i] - character_count(row[i]), ' ');
    line += (i > 0 ? "  " : "") + (i == 0 ? row[i] + padding : padding + row[i]);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << "  " << line << '\n';
}

}  // namespace

std::string percent(double fraction, bool sign) {
  char text[32];
  std::snprintf(text, sizeof text, sign ? "%+.2f" : "%.2f", fraction * 100);
  return text;
}

void print_table(std::ostream& out, SummaryTable const& table) {
  std::vector<std::size_t> widths;
  for (std::string const& column : table.columns) widths.push_back(character_count(column));
  for (auto const& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], character_count(row[i]));
  }
  if (!table.title.empty()) out << table.title << '\n';
  bool const has_header =
      std::ranges::any_of(table.columns, [](std::string const& column) { return !column.empty(); });
  if (has_header) print_row(out, table.columns, widths);
  for (auto const& row : table.rows) print_row(out, row, widths);
}

}  // namespace seplflow::cli
