// Two runs image by image.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/comparison.hpp"

namespace seplflow {

// A column of an evaluator's table, with the image of each row.
struct Column {
  std::string name;
  std::vector<std::pair<std::string, std::optional<double>>> rows;
};

// The column of that name, or the first one after the images; nothing when it does not exist.
// Throws UsageError, with the line, when the table is damaged.
std::optional<Column> read_column(std::filesystem::path const& file,
                                  std::optional<std::string> const& name);

// Matches the images of both by name, and lists so many of those that changed most; `run` is the
// index of the other.
Comparison::Images compare_images(Column const& first, Column const& other, std::size_t run,
                                  std::size_t extremes);

}  // namespace seplflow
