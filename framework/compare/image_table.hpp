// The tables of evaluators, STAGE.csv: a row for each image.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/comparison.hpp"
#include "compare/finished_run.hpp"

namespace seplflow {

// A column of an evaluator's table, with the image of each row.
struct ImageColumn {
  std::string name;
  std::vector<std::pair<std::string, std::optional<double>>> rows;
};

// The column of that name, or the first one after the images; nothing when it does not exist.
// Throws UsageError, with the line, when the table is damaged.
std::optional<ImageColumn> read_column(FinishedRun const& run, std::filesystem::path const& file,
                                       std::optional<std::string> const& name);

// All columns; cells as texts, without the apostrophes of `csv = "spreadsheet"`. Throws UsageError,
// with the line, when the table is damaged or a cell of the column `numbers` is not a number.
struct ImageTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::optional<double>> numbers;  // of the column that was asked for, by row
};
ImageTable read_table(FinishedRun const& run, std::filesystem::path const& file,
                      std::string const& numbers);

// The cells of one image; nothing when the table does not have it.
std::optional<std::vector<std::string>> row_of_image(FinishedRun const& run,
                                                     std::filesystem::path const& file,
                                                     std::string const& image);

// The names of the columns.
std::vector<std::string> columns_of(FinishedRun const& run, std::filesystem::path const& file);

// A number of a cell; nothing for an empty cell, an infinity, NaN, or a text.
std::optional<double> number_in(std::string const& cell);

// Matches the images of both by name; `run` is the index of the other.
Comparison::Images compare_images(ImageColumn const& first, ImageColumn const& other,
                                  std::size_t run, bool less_is_better, std::size_t extremes);

// Whether a column has fractions: the metric of its name tells, or else its values do.
bool has_fractions(std::vector<ImageColumn const*> const& columns,
                   std::vector<Comparison::Number> const& metrics);

}  // namespace seplflow
