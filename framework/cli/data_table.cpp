#include "cli/data_table.hpp"

#include <cmath>
#include <cstdio>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "run/csv.hpp"

namespace seplflow::cli {
namespace {

using Kind = DataCell::Kind;

std::string printed(char const* how, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, how, value);
  return buffer;
}

// An exact 0 has no sign; a difference that is only rounded to 0 has one.
std::string number_text(double value, Kind kind) {
  bool const has_sign = (kind == Kind::change || kind == Kind::fraction_change) && value != 0;
  if (!std::isfinite(value)) return "-";
  if (kind == Kind::fraction || kind == Kind::fraction_change) return percent(value, has_sign);
  if (kind == Kind::ratio) return printed("%.4f", value);
  // A double is exact up to here.
  bool const is_whole = value == std::trunc(value) && std::abs(value) < 9007199254740992.0;
  if (is_whole) return printed(has_sign ? "%+.0f" : "%.0f", value);
  return printed(has_sign ? "%+.6g" : "%.6g", value);
}

bool is_number(Cell const& cell) {
  return std::holds_alternative<double>(cell) || std::holds_alternative<std::int64_t>(cell);
}

// The text with what `replacement` returns for each character, unless that is null.
template <class Replace>
std::string replaced(std::string const& raw, Replace const& replacement) {
  std::string text;
  for (char const c : without_controls(raw)) {
    char const* const other = replacement(c);
    if (other) {
      text += other;
    } else {
      text += c;
    }
  }
  return text;
}

// In the fonts of LaTeX's default encoding <, > and | would be other characters. A bracket after
// the end of a row would be an option of it.
std::string latex_text(std::string const& raw) {
  return replaced(raw, [](char c) -> char const* {
    switch (c) {
      case '\\': return "\\textbackslash{}";
      case '{': return "\\{";
      case '}': return "\\}";
      case '$': return "\\$";
      case '&': return "\\&";
      case '#': return "\\#";
      case '%': return "\\%";
      case '_': return "\\_";
      case '^': return "\\textasciicircum{}";
      case '~': return "\\textasciitilde{}";
      case '<': return "\\textless{}";
      case '>': return "\\textgreater{}";
      case '|': return "\\textbar{}";
      case '"': return "''";
      case '[': return "{[}";
      case ']': return "{]}";
      case '*': return "{*}";
      default: return nullptr;
    }
  });
}

std::string markdown_text(std::string const& raw) {
  return replaced(raw, [](char c) -> char const* {
    switch (c) {
      case '\\': return "\\\\";
      case '|': return "\\|";
      case '`': return "\\`";
      case '*': return "\\*";
      case '_': return "\\_";
      case '[': return "\\[";
      case ']': return "\\]";
      case '<': return "&lt;";
      case '>': return "&gt;";
      case '&': return "&amp;";
      case '~': return "\\~";
      case '$': return "\\$";
      case '#': return "\\#";
      default: return nullptr;
    }
  });
}

std::string latex_cell(DataCell const& cell) {
  std::string const text = cell_text(cell);
  bool const has_sign = is_number(cell.value) && (text[0] == '+' || text[0] == '-');
  return has_sign && text.size() > 1 ? "$" + text + "$" : latex_text(text);
}

}  // namespace

std::string cell_text(DataCell const& cell) {
  if (auto const* const text = std::get_if<std::string>(&cell.value)) return *text;
  if (auto const* const number = std::get_if<double>(&cell.value)) {
    return number_text(*number, cell.kind);
  }
  if (auto const* const count = std::get_if<std::int64_t>(&cell.value)) {
    if (cell.kind == Kind::plain) return std::to_string(*count);
    return number_text(static_cast<double>(*count), cell.kind);
  }
  return "-";
}

SummaryTable summary_of(DataTable const& table) {
  SummaryTable summary{table.title, table.columns, {}};
  for (auto const& row : table.rows) {
    auto& cells = summary.rows.emplace_back();
    for (DataCell const& cell : row) cells.push_back(cell_text(cell));
  }
  return summary;
}

std::string csv_of(DataTable const& table) {
  auto const line = [](Row row) {
    for (Cell& cell : row) {
      if (auto const* const text = std::get_if<std::string>(&cell)) cell = without_controls(*text);
    }
    return csv_line(row, CsvText::spreadsheet);
  };
  std::string text = line(Row(table.columns.begin(), table.columns.end()));
  for (auto const& cells : table.rows) {
    Row row;
    for (DataCell const& cell : cells) row.push_back(cell.value);
    text += line(std::move(row));
  }
  return text;
}

std::string latex_of(DataTable const& table) {
  std::string text = "% needs \\usepackage{booktabs}\n";
  if (!table.title.empty()) text += "% " + without_controls(table.title) + "\n";
  text += "\\begin{tabular}{l" + std::string(table.columns.size() - 1, 'r') + "}\n\\toprule\n";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    text += (i == 0 ? "" : " & ") + latex_text(table.columns[i]);
  }
  text += " \\\\\n\\midrule\n";
  for (auto const& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : " & ") + latex_cell(row[i]);
    text += " \\\\\n";
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

std::string markdown_of(DataTable const& table) {
  std::string text = table.title.empty() ? "" : markdown_text(table.title) + "\n\n";
  text += "|";
  for (std::string const& column : table.columns) text += " " + markdown_text(column) + " |";
  text += "\n|---|";
  for (std::size_t i = 1; i < table.columns.size(); ++i) text += "---:|";
  for (auto const& row : table.rows) {
    text += "\n|";
    for (DataCell const& cell : row) text += " " + markdown_text(cell_text(cell)) + " |";
  }
  return text + "\n";
}

Json json_of(DataTable const& table) {
  Json list = Json::array();
  for (auto const& row : table.rows) {
    Json object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      Json& value = object[table.columns[i]];
      if (auto const* const text = std::get_if<std::string>(&row[i].value)) value = *text;
      if (auto const* const number = std::get_if<double>(&row[i].value)) value = *number;
      if (auto const* const count = std::get_if<std::int64_t>(&row[i].value)) value = *count;
    }
    list.push_back(std::move(object));
  }
  return list;
}

void FormatArguments::add_to(Command& command, std::string const& what) {
  command.flag("--csv", "print " + what + " as CSV, with exact numbers", csv);
  command.flag("--latex", "print " + what + " as LaTeX", latex);
  command.flag("--markdown", "print " + what + " as Markdown", markdown);
  command.flag("--json", "print everything as JSON", json);
}

TableFormat FormatArguments::format() const {
  std::vector<std::string> given;
  TableFormat format = TableFormat::terminal;
  auto const choose = [&](bool is_given, char const* option, TableFormat each) {
    if (!is_given) return;
    given.emplace_back(option);
    format = each;
  };
  choose(csv, "--csv", TableFormat::csv);
  choose(latex, "--latex", TableFormat::latex);
  choose(markdown, "--markdown", TableFormat::markdown);
  choose(json, "--json", TableFormat::json);
  if (given.size() > 1) {
    throw UsageError("choose one of the formats " + given[0] + " and " + given[1]);
  }
  return format;
}

void print_tables(std::ostream& stream, std::vector<DataTable> const& tables, TableFormat format,
                  std::string const& how_to_choose) {
  if (format == TableFormat::csv && tables.size() > 1) {
    throw UsageError("--csv prints one table, and there are " + std::to_string(tables.size()) +
                     "; " + how_to_choose);
  }
  for (DataTable const& table : tables) {
    if (&table != &tables.front()) stream << '\n';
    stream << (format == TableFormat::csv     ? csv_of(table)
               : format == TableFormat::latex ? latex_of(table)
                                              : markdown_of(table));
  }
}

}  // namespace seplflow::cli
