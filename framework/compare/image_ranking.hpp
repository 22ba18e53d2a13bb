// The images of a run from the worst to the best.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compare/image_table.hpp"
#include "compare/run_contents.hpp"

namespace seplflow {

struct ImageRanking {
  std::string stage, column;     // of the table and the column that decide: "score", "gain_miou"
  bool is_gain = false;          // whether the column is a difference, of the labels and a baseline
  bool less_is_better = false;
  ImageTable table;
  std::vector<std::size_t> with_value;  // rows, in the order of the table
  std::uint64_t without_value = 0;
  std::uint64_t improved = 0, harmed = 0, equal = 0;  // of a gain

  // So many rows, the worst or the best first; equal ones in the order of the table.
  std::vector<std::size_t> worst(std::size_t count) const { return first(count, less_is_better); }
  std::vector<std::size_t> best(std::size_t count) const { return first(count, !less_is_better); }

 private:
  std::vector<std::size_t> first(std::size_t count, bool descending) const;
};

// `by` is a column ("gain_miou"), a column of an evaluator ("score.miou"), or empty: the gain in the
// main score, or that score where there is no baseline. Throws UsageError when the run has no table
// of images or no such column, with those that are similar, and when the table is damaged.
ImageRanking rank_images(RunContents const& contents, std::string const& by);

// Whether a column of the ranking's table has fractions, as far as these rows show.
bool is_fraction(ImageRanking const& ranking, RunContents const& contents, std::size_t column,
                 std::vector<std::size_t> const& rows);

}  // namespace seplflow
