#include "compare/image_comparison.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "compare/csv.hpp"

namespace seplflow {
namespace {

class ImageComparison {
 public:
  ImageComparison(Column const& first, Column const& other, std::size_t run, std::size_t extremes)
      : first_(first), other_(other), partners_(first.rows.size()), extremes_(extremes) {
    images_.run = run;
    images_.number = first.name;
  }

  Comparison::Images compare() {
    find_partners();
    std::uint64_t compared = 0;
    double sum = 0;
    for (std::uint32_t row = 0; row < partners_.size(); ++row) {
      if (!partners_[row]) continue;
      auto const change = difference_of(row);
      if (!change) {
        ++images_.without_value;
        continue;
      }
      sum += *change;
      ++compared;
      if (*change > 0) improved_.push_back(row);
      if (*change < 0) harmed_.push_back(row);
    }
    images_.improved = improved_.size();
    images_.harmed = harmed_.size();
    images_.equal = compared - images_.improved - images_.harmed;
    if (compared > 0) images_.mean_difference = sum / static_cast<double>(compared);
    images_.most_improved = extremes_of(improved_, -1);
    images_.most_harmed = extremes_of(harmed_, 1);
    return std::move(images_);
  }

 private:
  void find_partners() {
    auto first = first_.by_name.begin(), other = other_.by_name.begin();
    while (first != first_.by_name.end() && other != other_.by_name.end()) {
      int const order = first_.rows[*first].name.compare(other_.rows[*other].name);
      if (order == 0) {
        partners_[*first++] = *other++;
      } else if (order < 0) {
        ++images_.only_first, ++first;
      } else {
        ++images_.only_other, ++other;
      }
    }
    images_.only_first += static_cast<std::uint64_t>(first_.by_name.end() - first);
    images_.only_other += static_cast<std::uint64_t>(other_.by_name.end() - other);
  }

  std::optional<double> difference_of(std::uint32_t row) const {
    return difference(first_.rows[row].value, other_.rows[*partners_[row]].value);
  }

  std::vector<Comparison::Image> extremes_of(std::vector<std::uint32_t>& rows, double sign) const {
    std::size_t const count = std::min(extremes_, rows.size());
    auto const middle = rows.begin() + static_cast<std::ptrdiff_t>(count);
    // By row among equals, so that the order is that of the file.
    std::ranges::partial_sort(rows, middle, {}, [&](std::uint32_t row) {
      return std::pair(sign * *difference_of(row), row);
    });
    std::vector<Comparison::Image> images;
    for (auto row = rows.begin(); row != middle; ++row) {
      images.push_back(
          {first_.rows[*row].name, *first_.rows[*row].value, *other_.rows[*partners_[*row]].value});
    }
    return images;
  }

  Column const& first_;
  Column const& other_;
  std::vector<std::optional<std::uint32_t>> partners_;  // in the other table, by row of the first
  std::vector<std::uint32_t> improved_, harmed_;
  std::size_t extremes_;
  Comparison::Images images_;
};

}  // namespace

std::optional<Column> read_column(std::filesystem::path const& file,
                                  std::optional<std::string> const& name) {
  CsvReader csv(file);
  std::vector<std::string> columns, cells;
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  std::size_t const place =
      name ? static_cast<std::size_t>(std::ranges::find(columns, *name) - columns.begin()) : 1;
  if (place >= columns.size()) return std::nullopt;
  Column column{columns[place], {}, {}};
  while (csv.next(cells)) {
    if (cells.size() != columns.size()) {
      csv.fail("a row of " + std::to_string(cells.size()) + " cells, where there are " +
               std::to_string(columns.size()) + " columns; the file is damaged");
    }
    std::string const& cell = cells[place];
    std::optional<double> value;
    if (!cell.empty()) {
      double number = 0;
      auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
      if (error != std::errc() || end != cell.data() + cell.size()) {
        csv.fail("\"" + cell + "\" in column \"" + column.name + "\" is no number");
      }
      if (std::isfinite(number)) value = number;
    }
    column.rows.push_back({cells[0], value});
  }
  column.by_name.resize(column.rows.size());
  std::iota(column.by_name.begin(), column.by_name.end(), 0U);
  std::ranges::stable_sort(column.by_name, {}, [&](std::uint32_t row) -> std::string const& {
    return column.rows[row].name;
  });
  return column;
}

Comparison::Images compare_images(Column const& first, Column const& other, std::size_t run,
                                  std::size_t extremes) {
  return ImageComparison(first, other, run, extremes).compare();
}

}  // namespace seplflow
