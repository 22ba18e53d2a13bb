// The tables of seplflow show.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/data_table.hpp"
#include "compare/image_ranking.hpp"
#include "compare/run_contents.hpp"
#include "compare/sweep_table.hpp"

namespace seplflow::cli {

// The scores of an evaluator before and after, and their gain; no rows where it has none.
DataTable score_table(RunContents const& contents, Comparison::Evaluator const& evaluator);

// Those of all evaluators in one table, whose first column names them.
DataTable all_scores(RunContents const& contents);

// The number of each class before and after, for each list of classes.
std::vector<DataTable> class_tables(RunContents const& contents);

// What stages counted.
DataTable count_table(RunContents const& contents);

// The worst or the best images: the column that decides, then the others.
DataTable image_table(RunContents const& contents, ImageRanking const& ranking, std::size_t count,
                      bool worst);

// The score of each variant: two axes as a grid, further ones as a grid for each of their values.
// A row for each variant where the variants are not all combinations of values; then the best
// `rows`, if there are more. The best variant is marked in the grid's text with "*".
std::vector<DataTable> sweep_grids(SweepTable const& sweep, std::size_t rows);

// A row for each variant with all its numbers, as sweep.csv has them.
DataTable sweep_rows(SweepTable const& sweep);

}  // namespace seplflow::cli
