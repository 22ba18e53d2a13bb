// Runs side by side: their scores, by class and by image, and how their settings differ.
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
    std::string status;  // empty without run.json
  };

  // An option ("select.t1"), a version or a plugin that differs between runs.
  struct Setting {
    std::string name;
    std::vector<std::optional<std::string>> values;
  };

  struct Number {
    std::string name;  // its place in metrics.json: "gain.miou"
    bool fraction;     // else a count, or a number of unknown scale
    RunValues values;
    std::string unit = {};  // of a score that is not a fraction: "pixels"
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
    bool less_is_better = false;
    std::uint64_t only_first = 0, only_other = 0;  // images that only one run has
    std::uint64_t without_value = 0;               // in one of the runs
    std::uint64_t improved = 0, harmed = 0, equal = 0;
    std::optional<double> mean_difference;
    std::vector<Image> most_improved, most_harmed;  // the greatest difference first
  };

  struct Evaluator {
    std::string stage;
    std::vector<std::size_t> runs;  // that have it
    // Empty, like what follows, unless the first run and another one have it.
    std::vector<Number> numbers;
    std::vector<Classes> classes;
    std::vector<Images> images;
    std::vector<std::string> notes;  // what could not be compared
  };

  bool is_inside = false;  // of one run with itself: the first "run" is before, the second after
  std::vector<Run> runs;
  std::vector<Setting> options, programs;
  std::vector<Evaluator> evaluators;
};

// "A", "B", ..., "Z", "AA", ...
std::string letter(std::size_t run);

// Compares all runs with the first one, or one run with the baselines of its evaluators, and lists so
// many of the images that changed most. Throws UsageError when a folder is not a complete run, a file is damaged, or there is nothing to
// compare.
Comparison compare(std::vector<std::filesystem::path> const& folders, std::size_t extremes);

struct FinishedRun;

// The evaluators of a run with their numbers before (the baseline) and after; those without a
// baseline have no value before, and only the run 1. The images are compared only with `extremes`.
std::vector<Comparison::Evaluator> before_and_after(FinishedRun const& run,
                                                    std::optional<std::size_t> extremes);

}  // namespace seplflow
