// CSV files (RFC 4180): the tables of a run folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>
#include "pipeline/run_settings.hpp"

namespace seplflow {

// A line with its end. Numbers are the shortest decimals that read back exactly. For a spreadsheet,
// a text that it would take for a formula is put behind an apostrophe.
std::string csv_line(Row const& row, CsvText texts = CsvText::exact);

// Composes lines, those of equal rows once: many variants of a sweep have the same results of a
// sample, and numbers are slow to write.
class CsvLines {
 public:
  explicit CsvLines(CsvText texts) : texts_(texts) {}

  // As csv_line(). Valid until the next call.
  std::string const& line(Row const& row);
  // Forgets the rows so far. Their number is limited by the caller.
  void clear() { known_.clear(); }

 private:
  struct Known {
    Row row;
    std::string line;
  };
  CsvText texts_;
  std::vector<Known> known_;
};

class CsvReader {
 public:
  // Throws UsageError when the file cannot be read. An apostrophe that was written for spreadsheets
  // is left out.
  explicit CsvReader(std::filesystem::path file, CsvText texts = CsvText::exact);

  // The cells of the next row, unquoted; false at the end. Throws UsageError, naming file and line,
  // when a quote is not closed or is followed by other text.
  bool next(std::vector<std::string>& cells);

  // Throws UsageError that names the file and the line in which the last row begins.
  [[noreturn]] void fail(std::string const& message) const;

 private:
  int read_cell(std::string& cell);
  int read_quoted(std::string& cell);

  std::filesystem::path file_;
  CsvText texts_;
  std::ifstream stream_;
  std::size_t line_ = 1, begin_ = 0;
};

}  // namespace seplflow
