// The scores of each class that an observer found, as a table.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/metrics.hpp>
#include "pipeline/run_settings.hpp"

namespace seplflow {

// The name of the list of an observer's metrics that has an entry for each class.
constexpr char const* kClassList = "classes";

// "STAGE.classes.csv"
std::string class_table_of(std::string const& stage);

// A row for each class, with its scores and what stands before them, such as id and name. If the
// metrics have a "baseline" with such a list, its scores and the gains follow. Empty if the metrics
// have no list of classes, or no scores in it.
std::string class_table(Metrics const& metrics, CsvText texts);

// "cat.iou" and its value, for each class that has a name, and each score; nothing where a value is
// null.
std::vector<std::pair<std::string, std::optional<double>>> class_scores(Metrics const& metrics);

}  // namespace seplflow
