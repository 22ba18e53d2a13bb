#include "cli/table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>

namespace seplflow::cli {
namespace {

using Columns = std::vector<std::size_t>;

constexpr std::size_t kIndent = 2, kGap = 2;

// As evaluators, published numbers and comparisons ("B-A") call them.
bool holds_differences(std::string const& column) {
  return column == "gain" || column == "difference" || column.ends_with("-A") ||
         column.find(".gain.") != std::string::npos;
}

std::string painted(std::string const& cell, std::string const& column, Screen const& screen) {
  bool const is_zero = cell.find_first_of("123456789") == std::string::npos;
  if (is_zero || !holds_differences(column)) return cell;
  if (cell[0] == '+') return screen.paint(Colour::green, cell);
  return cell[0] == '-' ? screen.paint(Colour::red, cell) : cell;
}

std::vector<std::size_t> widths_of(SummaryTable const& table) {
  std::vector<std::size_t> widths;
  for (std::string const& column : table.columns) widths.push_back(width_of(column));
  for (auto const& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

// The first column, which names the rows, begins every block.
std::vector<Columns> blocks_of(std::vector<std::size_t> const& widths, std::size_t screen_width) {
  std::vector<Columns> blocks = {{0}};
  std::size_t used = kIndent + widths[0];
  for (std::size_t i = 1; i < widths.size(); ++i) {
    used += kGap + widths[i];
    if (screen_width > 0 && used > screen_width && blocks.back().size() > 1) {
      blocks.push_back({0});
      used = kIndent + widths[0] + kGap + widths[i];
    }
    blocks.back().push_back(i);
  }
  return blocks;
}

// `paint` turns the cell of a column into what is shown of it.
template <class Paint>
std::string row_text(std::vector<std::string> const& row, Columns const& columns,
                     std::vector<std::size_t> const& widths, Paint const& paint) {
  std::string line;
  for (std::size_t const i : columns) {
    if (i >= row.size()) break;
    std::string const padding(widths[i] - width_of(row[i]), ' '), cell = paint(row[i], i);
    line += (i > 0 ? std::string(kGap, ' ') : "") + (i == 0 ? cell + padding : padding + cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return std::string(kIndent, ' ') + line + "\n";
}

// Names of classes and samples come from files, and plugins name their columns.
SummaryTable without_controls_in(SummaryTable table) {
  table.title = without_controls(table.title);
  for (std::string& column : table.columns) column = without_controls(column);
  for (auto& row : table.rows) {
    for (std::string& cell : row) cell = without_controls(cell);
  }
  return table;
}

}  // namespace

void Page::add(SummaryTable const& raw) {
  SummaryTable const table = without_controls_in(raw);
  std::vector<std::size_t> const widths = widths_of(table);
  bool const has_header =
      std::ranges::any_of(table.columns, [](std::string const& column) { return !column.empty(); });
  if (!table.title.empty()) *this << table.title << '\n';
  bool is_first = true;
  for (Columns const& columns : blocks_of(widths, screen_.width)) {
    if (!std::exchange(is_first, false)) *this << '\n';
    if (has_header) {
      *this << row_text(table.columns, columns, widths,
                        [](auto const& cell, auto) { return cell; });
    }
    for (auto const& row : table.rows) {
      *this << row_text(row, columns, widths, [&](std::string const& cell, std::size_t i) {
        return painted(cell, table.columns[i], screen_);
      });
    }
  }
}

bool Page::fits(SummaryTable const& table) const {
  auto const widths = widths_of(table);
  std::size_t const gaps = kIndent + kGap * (widths.size() - 1);
  return screen_.width == 0 || std::reduce(widths.begin(), widths.end(), gaps) <= screen_.width;
}

void Page::print(std::ostream& stream) const {
  stream << wrapped(str(), screen_.width, 4);
}

SummaryTable grid(Pipeline const& pipeline, std::string title,
                  std::function<std::string(std::size_t variant)> const& cell) {
  Axis const& across = pipeline.axes[0];
  bool const has_names = pipeline.is_grid_of_names();
  std::string const down = has_names ? "variant" : pipeline.axes[1].key;
  SummaryTable table{std::move(title), {down + " \\ " + across.key}, {}};
  table.columns.insert(table.columns.end(), across.values.begin(), across.values.end());
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    auto const& [name, label, values, stages] = pipeline.variants[v];
    std::string const& place = has_names ? label : pipeline.axes[1].values[values[1]];
    auto row = std::ranges::find(table.rows, place, [](auto const& cells) { return cells[0]; });
    if (row == table.rows.end()) {
      row = table.rows.insert(row, {place});
      row->resize(table.columns.size());
    }
    (*row)[values[0] + 1] = cell(v);
  }
  return table;
}

}  // namespace seplflow::cli
