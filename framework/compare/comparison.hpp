// Runs side by side: their scores, by class and by image, and what differed in their making.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace seplflow {

// A value for each run; nothing where a run has none.
using RunValues = std::vector<std::optional<double>>;

// After minus before, where both exist.
std::optional<double> difference(std::optional<double> before, std::optional<double> after);

struct Comparison {
  struct Run {
    std::filesystem::path folder;
    std::string status;  // empty where no run.json is there
  };

  // An option ("select.t1"), or a version or plugin, that is not the same in all runs.
  struct Setting {
    std::string name;
    std::vector<std::optional<std::string>> values;
  };

  struct Number {
    std::string name;  // where it is in metrics.json: "gain.miou"
    bool fraction;     // else a count, or of a scale unknown
    RunValues values;
  };

  struct Class {
    std::optional<std::int64_t> id;
    std::string name;
    RunValues values;
  };

  // The first number of every class in a list of metrics.json.
  struct Classes {
    std::string list;    // "classes"
    std::string number;  // "iou"
    bool fraction;
    std::vector<Class> classes;  // by id
  };

  struct Image {
    std::string name;
    double first, other;
  };

  // A run against the first, image by image.
  struct Images {
    std::size_t run;
    std::string number;  // the column of STAGE.csv: "miou"
    bool fraction = false;
    std::uint64_t only_first = 0, only_other = 0;  // images that only one of them has
    std::uint64_t without_value = 0;               // in one of them
    std::uint64_t improved = 0, harmed = 0, equal = 0;
    std::optional<double> mean_difference;
    std::vector<Image> most_improved, most_harmed;  // the greatest difference first
  };

  struct Evaluator {
    std::string stage;
    std::vector<std::size_t> runs;  // that have it
    std::vector<Number> numbers;    // empty, as what follows, unless the first run and another do
    std::vector<Classes> classes;
    std::vector<Images> images;
    std::vector<std::string> notes;  // what could not be compared
  };

  std::vector<Run> runs;
  std::vector<Setting> options, programs;
  std::vector<Evaluator> evaluators;
};

// "A", "B", ..., "Z", "AA", ...
std::string letter(std::size_t run);

// Compares all runs with the first, with so many extremes among the images. Throws UsageError when
// a folder is no complete run, a file in it is damaged, or there is nothing to compare.
Comparison compare(std::vector<std::filesystem::path> const& folders, std::size_t extremes);

}  // namespace seplflow
