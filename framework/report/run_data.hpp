// What a report says about one run, read from the files of its folder. Internal to the report.
#pragma once

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/json.hpp"

namespace seplflow {

// The table of an evaluator: a row for each image.
struct ImageScores {
  std::string stage;
  std::vector<std::string> columns;         // of numbers
  std::vector<std::string> names;           // of the images
  std::vector<std::vector<double>> values;  // by column; NaN where there is no number

  // The values of a column, or null.
  std::vector<double> const* find(std::string const& column) const;
};

// The score that a run is about.
struct MainScore {
  std::string stage, metric;  // "score", "miou"
  bool less_is_better = false;
};

struct RunData {
  std::filesystem::path folder;
  std::filesystem::path shown;  // with the scores: the folder, or that of a sweep's best variant
  std::optional<MainScore> score;
  std::optional<ImageScores> images;
  std::vector<std::string> done;  // the ids of the samples that are done, if there is no such table
  Json json = Json::object();     // for the page
  std::vector<std::string> missing;  // what cannot be shown, and why
};

// Throws UsageError when the folder is not a run or its run.json cannot be read.
RunData read_run_data(std::filesystem::path const& folder);

// How much each image gained, or its score where there is no baseline; more is better. Empty
// without a table.
std::vector<double> gains_of(RunData const& run);

// The pipeline of a run for the page: its stages, their wires, its settings, and what was
// published.
Json pipeline_data(std::string const& toml, std::string const& file);

}  // namespace seplflow
