// Tables for people, papers and programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <seplflow/stage.hpp>
#include "cli/command_line.hpp"
#include "run/json.hpp"

namespace seplflow::cli {

// A value as it is, and how people read it.
struct DataCell {
  enum class Kind {
    plain,            // a text or a number
    fraction,         // shown in percent
    ratio,            // a fraction, shown with four decimals
    change,           // a difference of numbers, shown with a sign
    fraction_change,  // a difference of fractions
  };
  Cell value;
  Kind kind = Kind::plain;
};

// As people read it: fractions in percent with two decimals, "-" where there is no value. An exact 0
// has no sign; a difference that is only rounded to 0 has one.
std::string cell_text(DataCell const& cell);

struct DataTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<DataCell>> rows;  // as many cells as columns
};

SummaryTable summary_of(DataTable const& table);

// In CSV and JSON, numbers are the shortest decimals that read back exactly and fractions stay
// fractions. In the others they are as summary_of() has them. Control characters are shown as text.
// What LaTeX or Markdown would take for markup is escaped, and in CSV a text that a spreadsheet
// would take for a formula is put behind an apostrophe.
std::string csv_of(DataTable const& table);
std::string latex_of(DataTable const& table);     // a tabular, for the package booktabs
std::string markdown_of(DataTable const& table);  // a table of GitHub's Markdown
Json json_of(DataTable const& table);             // an object for each row, by column

enum class TableFormat { terminal, csv, latex, markdown, json };

// The flags that choose a format; format() throws UsageError when several are given.
struct FormatArguments {
  bool csv = false, latex = false, markdown = false, json = false;
  void add_to(Command& command, std::string const& what);
  TableFormat format() const;
};

// Prints tables as CSV, LaTeX or Markdown. CSV has room for one: throws UsageError, naming how to
// choose one, when there are more.
void print_tables(std::ostream& stream, std::vector<DataTable> const& tables, TableFormat format,
                  std::string const& how_to_choose);

}  // namespace seplflow::cli
