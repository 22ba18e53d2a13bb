#include "compare/image_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/number_text.hpp"
#include "pipeline/option_text.hpp"
#include "run/csv.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::optional<double> parsed(std::string const& cell) {
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return number;
}

// Nothing for an empty cell, an infinity or NaN.
std::optional<double> value_in(std::string const& cell, CsvReader const& csv,
                               std::string const& column) {
  if (cell.empty()) return std::nullopt;
  auto const number = parsed(cell);
  if (!number) csv.fail("\"" + cell + "\" in column \"" + column + "\" is not a number");
  return std::isfinite(*number) ? number : std::nullopt;
}

// The images with the greatest changes, in the order of the table where these are equal.
std::vector<Comparison::Image> extremes_of(std::vector<Comparison::Image> images,
                                           std::size_t count) {
  std::ranges::stable_sort(images, std::greater(), [](Comparison::Image const& image) {
    return std::abs(image.other - image.first);
  });
  images.resize(std::min(count, images.size()));
  return images;
}

CsvReader reader_of(FinishedRun const& run, fs::path const& file,
                    std::vector<std::string>& columns) {
  std::string const spreadsheet = toml_string(csv_choices().text_of(CsvText::spreadsheet));
  bool const is_escaped = std::ranges::any_of(run.settings, [&](SettingText const& each) {
    return each.stage == "run" && each.key == "csv" && each.value == spreadsheet;
  });
  CsvReader csv(file, is_escaped ? CsvText::spreadsheet : CsvText::exact);
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  return csv;
}

bool next_row(CsvReader& csv, std::size_t columns, std::vector<std::string>& cells) {
  if (!csv.next(cells)) return false;
  if (cells.size() == columns) return true;
  csv.fail("this row has " + counted(cells.size(), "cell") + ", but there are " +
           counted(columns, "column") + "; the file is damaged");
}

std::size_t place_of(std::vector<std::string> const& columns, std::string const& name) {
  return static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
}

}  // namespace

std::optional<ImageColumn> read_column(FinishedRun const& run, fs::path const& file,
                                       std::optional<std::string> const& name) {
  std::vector<std::string> columns, cells;
  CsvReader csv = reader_of(run, file, columns);
  std::size_t const place = name ? place_of(columns, *name) : 1;
  if (place >= columns.size()) return std::nullopt;
  ImageColumn column{columns[place], {}};
  while (next_row(csv, columns.size(), cells)) {
    column.rows.emplace_back(cells[0], value_in(cells[place], csv, column.name));
  }
  return column;
}

ImageTable read_table(FinishedRun const& run, fs::path const& file, std::string const& numbers) {
  ImageTable table;
  CsvReader csv = reader_of(run, file, table.columns);
  std::size_t const place = place_of(table.columns, numbers);
  std::vector<std::string> cells;
  while (next_row(csv, table.columns.size(), cells)) {
    if (place < cells.size()) table.numbers.push_back(value_in(cells[place], csv, numbers));
    table.rows.push_back(cells);
  }
  return table;
}

std::optional<std::vector<std::string>> row_of_image(FinishedRun const& run, fs::path const& file,
                                                     std::string const& image) {
  std::vector<std::string> columns, cells;
  CsvReader csv = reader_of(run, file, columns);
  while (next_row(csv, columns.size(), cells)) {
    if (cells[0] == image) return cells;
  }
  return std::nullopt;
}

std::vector<std::string> columns_of(FinishedRun const& run, fs::path const& file) {
  std::vector<std::string> columns;
  reader_of(run, file, columns);
  return columns;
}

std::optional<double> number_in(std::string const& cell) {
  auto const number = parsed(cell);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

Comparison::Images compare_images(ImageColumn const& first, ImageColumn const& other,
                                  std::size_t run, bool less_is_better, std::size_t extremes) {
  std::unordered_map<std::string_view, std::optional<double>> others(other.rows.begin(),
                                                                     other.rows.end());
  Comparison::Images images;
  images.run = run;
  images.number = first.name;
  images.less_is_better = less_is_better;
  std::vector<Comparison::Image> improved, harmed;
  double sum = 0;
  for (auto const& [image, before] : first.rows) {
    auto const found = others.extract(image);
    if (!found) {
      ++images.only_first;
      continue;
    }
    auto const after = found.mapped();
    auto const change = difference(before, after);
    if (!change) {
      ++images.without_value;
      continue;
    }
    sum += *change;
    if (*change == 0) ++images.equal;
    if (*change == 0) continue;
    auto& changed = (*change > 0) != less_is_better ? improved : harmed;
    changed.push_back({image, *before, *after});
  }
  images.only_other = others.size();
  images.improved = improved.size();
  images.harmed = harmed.size();
  std::uint64_t const compared = images.improved + images.harmed + images.equal;
  if (compared > 0) images.mean_difference = sum / static_cast<double>(compared);
  images.most_improved = extremes_of(std::move(improved), extremes);
  images.most_harmed = extremes_of(std::move(harmed), extremes);
  return images;
}

bool has_fractions(std::vector<ImageColumn const*> const& columns,
                   std::vector<Comparison::Number> const& metrics) {
  auto const metric = std::ranges::find(metrics, columns.front()->name, &Comparison::Number::name);
  bool is_whole = metric == metrics.end() || !metric->fraction;
  for (ImageColumn const* const column : columns) {
    for (auto const& [image, value] : column->rows) {
      if (value && std::abs(*value) > 1) return false;
      is_whole = is_whole && (!value || *value == std::trunc(*value));
    }
  }
  return !is_whole;
}

}  // namespace seplflow
