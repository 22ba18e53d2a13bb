// The tables of seplflow explain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/data_table.hpp"
#include "run/explained_sample.hpp"

namespace seplflow::cli {

// As the data set names it, or "class 7".
std::string class_name(Sample const& sample, Label label);

// A row for each item: its number, area and class, the facts of the stage, what would change the
// decision, and which class won its pixels.
DataTable item_table(Sample const& sample, ExplainedStage const& explained);

// "t1 < 0.4213 or t2 < 0.88": where one option alone, at another value, keeps the item.
std::string limits_text(std::vector<Explanation::Limit> const& limits);

// What the sample's score, and the number of kept items, would be with other options. The values of
// the run are marked with "*".
std::vector<DataTable> trial_tables(ExplainedStage const& explained);

struct TitledLabels {
  std::string title;
  LabelMap labels;
  bool is_input;  // of the stage that is explained
};

// The pixels of each class in label maps, by their titles.
DataTable pixel_table(Sample const& sample, std::vector<TitledLabels> const& maps);

// A row of an evaluator's table: a score in each row, before and after where the columns say so.
DataTable row_table(PipelineStage const& evaluator, Row const& row);

}  // namespace seplflow::cli
