// The scores of a sweep's variants, by its axes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compare/image_table.hpp"
#include "compare/run_contents.hpp"

namespace seplflow {

struct SweepTable {
  struct Axis {
    std::string key;                  // "select.t1"
    std::vector<std::string> values;  // in the order of the variants
  };
  struct Variant {
    std::string name;
    std::vector<std::size_t> values;  // for each axis, which of its values
    std::optional<double> score, before;
  };

  std::string score;  // "score.miou"; empty where the sweep has none
  std::string name;   // "mIoU"
  std::string unit;   // empty for a fraction
  bool fraction = true, less_is_better = false;
  std::vector<Axis> axes;
  std::vector<Variant> variants;  // in the order of sweep.csv
  std::optional<std::size_t> best;
  ImageTable all;  // sweep.csv

  // Whether each combination of the values is exactly one variant.
  bool is_product() const;
  // The score before, where it is the same in all variants.
  std::optional<double> common_before() const;
};

// `score` is that of main_score(). Throws UsageError when sweep.csv is damaged. Nothing without one.
std::optional<SweepTable> sweep_table(RunContents const& sweep, std::string const& score);

}  // namespace seplflow
