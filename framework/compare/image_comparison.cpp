#include "compare/image_comparison.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/number_text.hpp"
#include "run/csv.hpp"

namespace seplflow {
namespace {

// Nothing for an empty cell, an infinity or NaN.
std::optional<double> value_in(std::string const& cell, CsvReader const& csv,
                               std::string const& column) {
  if (cell.empty()) return std::nullopt;
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    csv.fail("\"" + cell + "\" in column \"" + column + "\" is not a number");
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
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

}  // namespace

std::optional<Column> read_column(std::filesystem::path const& file,
                                  std::optional<std::string> const& name) {
  CsvReader csv(file);
  std::vector<std::string> columns, cells;
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  std::size_t const place =
      name ? static_cast<std::size_t>(std::ranges::find(columns, *name) - columns.begin()) : 1;
  if (place >= columns.size()) return std::nullopt;
  Column column{columns[place], {}};
  while (csv.next(cells)) {
    if (cells.size() != columns.size()) {
      csv.fail("this row has " + counted(cells.size(), "cell") + ", but there are " +
               counted(columns.size(), "column") + "; the file is damaged");
    }
    column.rows.emplace_back(cells[0], value_in(cells[place], csv, column.name));
  }
  return column;
}

Comparison::Images compare_images(Column const& first, Column const& other, std::size_t run,
                                  std::size_t extremes) {
  std::unordered_map<std::string_view, std::optional<double>> others(other.rows.begin(),
                                                                     other.rows.end());
  Comparison::Images images;
  images.run = run;
  images.number = first.name;
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
    if (*change > 0) improved.push_back({image, *before, *after});
    if (*change < 0) harmed.push_back({image, *before, *after});
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

}  // namespace seplflow
