#include "run/csv.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

// What a spreadsheet would take for a formula.
bool is_formula(std::string_view text) {
  return text.find_first_of("=+-@\t\r") == 0;
}

constexpr int kEnd = std::char_traits<char>::eof();

struct AppendCell {
  std::string& line;
  CsvText texts;

  void operator()(std::monostate) const {}
  void operator()(std::int64_t value) const { line += std::to_string(value); }
  void operator()(double value) const { append_shortest(line, value); }
  void operator()(std::string const& text) const {
    bool const is_escaped = texts == CsvText::spreadsheet && is_formula(text);
    std::string const& value = is_escaped ? "'" + text : text;
    if (value.find_first_of(",\"\r\n") == std::string::npos) {
      line += value;
      return;
    }
    line += '"';
    for (char const c : value) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
};

// Whether two cells have the same text. Numbers are compared by their bits: 0.0 equals -0.0.
bool is_same(Cell const& a, Cell const& b) {
  auto const* const number = std::get_if<double>(&a);
  auto const* const other = std::get_if<double>(&b);
  if (!number || !other) return a == b;
  return std::bit_cast<std::uint64_t>(*number) == std::bit_cast<std::uint64_t>(*other);
}

}  // namespace

std::string csv_line(Row const& row, CsvText texts) {
  std::string line;
  line.reserve(row.size() * 24);  // enough for numbers
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += ',';
    std::visit(AppendCell{line, texts}, row[i]);
  }
  line += '\n';
  return line;
}

std::string const& CsvLines::line(Row const& row) {
  // The last one first: neighbouring variants are alike.
  auto const found = std::find_if(known_.rbegin(), known_.rend(), [&](Known const& known) {
    return std::ranges::equal(known.row, row, is_same);
  });
  if (found != known_.rend()) return found->line;
  return known_.emplace_back(Known{row, csv_line(row, texts_)}).line;
}

CsvReader::CsvReader(std::filesystem::path file, CsvText texts)
    : file_(std::move(file)), texts_(texts) {
  if (exists_as_regular_file(file_)) stream_.open(file_, std::ios::binary);
  if (!stream_.is_open()) throw UsageError("cannot read " + file_.string());
}

bool CsvReader::next(std::vector<std::string>& cells) {
  begin_ = line_;
  if (stream_.rdbuf()->sgetc() == kEnd) return false;
  std::size_t count = 0;
  int end = ',';
  while (end == ',') {
    if (count == cells.size()) cells.emplace_back();
    cells[count].clear();
    end = read_cell(cells[count++]);
  }
  cells.resize(count);
  for (std::string& cell : cells) {
    bool const is_escaped = texts_ == CsvText::spreadsheet && cell.starts_with('\'') &&
                            is_formula(std::string_view(cell).substr(1));
    if (is_escaped) cell.erase(0, 1);
  }
  if (end == '\n') ++line_;
  return true;
}

// Returns what ends it: a comma, a line feed, or kEnd.
int CsvReader::read_cell(std::string& cell) {
  auto& buffer = *stream_.rdbuf();
  int c = buffer.sbumpc();
  if (c == '"') return read_quoted(cell);
  while (c != ',' && c != '\n' && c != kEnd) {
    cell += static_cast<char>(c);
    c = buffer.sbumpc();
  }
  if (c == '\n' && cell.ends_with('\r')) cell.pop_back();
  return c;
}

int CsvReader::read_quoted(std::string& cell) {
  auto& buffer = *stream_.rdbuf();
  while (true) {
    int c = buffer.sbumpc();
    if (c == kEnd) fail("a quote is not closed; the file is damaged");
    if (c == '\n') ++line_;
    if (c == '"') {
      c = buffer.sbumpc();
      if (c == '\r' && buffer.sgetc() == '\n') c = buffer.sbumpc();
      if (c == ',' || c == '\n' || c == kEnd) return c;
      if (c != '"') fail("text follows a closing quote; the file is damaged");
    }
    cell += static_cast<char>(c);
  }
}

void CsvReader::fail(std::string const& message) const {
  throw UsageError(file_.string() + ":" + std::to_string(begin_) + ": " + message);
}

}  // namespace seplflow
