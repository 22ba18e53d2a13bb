// Reads CSV files (RFC 4180), such as the tables of a run folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace seplflow {

class CsvReader {
 public:
  // Throws UsageError when the file cannot be read.
  explicit CsvReader(std::filesystem::path file);

  // The cells of the next record, unquoted; false at the end. Throws UsageError, naming file and
  // line, for quotes that are not closed or have something behind them.
  bool next(std::vector<std::string>& cells);

  // Throws UsageError that names the file and the line in which the last record begins.
  [[noreturn]] void fail(std::string const& message) const;

 private:
  int read_cell(std::string& cell);
  int read_quoted(std::string& cell);

  std::filesystem::path file_;
  std::ifstream stream_;
  std::size_t line_ = 1, begin_ = 0;
};

}  // namespace seplflow
