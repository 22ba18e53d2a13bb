// Two runs image by image.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace seplflow {

struct TableRow {
  std::string name;
  std::optional<double> value;
};

// A column of an evaluator's table, with the names of its images.
struct Column {
  std::string name;
  std::vector<TableRow> rows;
  std::vector<std::uint32_t> by_name;  // the order of the rows by name, then place
};

// The column of that name, or the first after the images' names; nothing when there is none. Throws
// Error, naming the line, when the table is damaged.
std::optional<Column> read_column(std::filesystem::path const& file,
                                  std::optional<std::string> const& name);

// The images of both by name, with so many extremes; `run` is the other's number.
Comparison::Images compare_images(Column const& first, Column const& other, std::size_t run,
                                  std::size_t extremes);

}  // namespace seplflow
