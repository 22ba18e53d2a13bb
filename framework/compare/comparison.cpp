#include "compare/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "compare/finished_run.hpp"
#include "compare/image_comparison.hpp"
#include "compare/metric_comparison.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

using NamedValues = std::vector<std::pair<std::string, std::string>>;

NamedValues options_of(FinishedRun const& run) {
  NamedValues options;
  for (auto const& [stage, key, value] : run.settings) {
    options.emplace_back(stage.empty() ? key : stage + "." + key, value);
  }
  return options;
}

// Versions, and the hashes of plugins by file name.
NamedValues programs_of(FinishedRun const& run) {
  NamedValues programs;
  if (!run.record) return programs;
  Json const versions = run.record->json.value("versions", Json());
  for (auto const& [name, version] : versions.items()) {
    programs.emplace_back("versions." + name, text_in(versions, name.c_str()));
  }
  for (Json const& plugin : run.record->json.value("plugins", Json())) {
    fs::path const file = text_in(plugin, "path");
    programs.emplace_back(file.filename().string(), text_in(plugin, "xxh128"));
  }
  return programs;
}

// In the order of their first appearance. `missing_differs`: whether a run without a value differs
// from one that has it.
std::vector<Comparison::Setting> what_differs(std::vector<FinishedRun> const& runs,
                                              NamedValues (*values_of)(FinishedRun const&),
                                              bool missing_differs) {
  std::vector<Comparison::Setting> settings;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (auto& [name, value] : values_of(runs[r])) {
      auto found = std::ranges::find(settings, name, &Comparison::Setting::name);
      if (found == settings.end()) {
        found = settings.insert(settings.end(), Comparison::Setting{name, {}});
        found->values.resize(runs.size());
      }
      found->values[r] = value;
    }
  }
  std::erase_if(settings, [&](Comparison::Setting const& setting) {
    auto const known =
        *std::ranges::find_if(setting.values, [](auto const& v) { return v.has_value(); });
    return std::ranges::all_of(setting.values, [&](auto const& value) {
      return value == known || (!value && !missing_differs);
    });
  });
  return settings;
}

// Whether a column has fractions: the metric of its name tells, or else its values do.
bool has_fractions(Column const& first, Column const& other,
                   std::vector<Comparison::Number> const& metrics) {
  auto const metric = std::ranges::find(metrics, first.name, &Comparison::Number::name);
  bool is_whole = metric == metrics.end() || !metric->fraction;
  for (auto const* const column : {&first, &other}) {
    for (auto const& [image, value] : column->rows) {
      if (value && std::abs(*value) > 1) return false;
      is_whole = is_whole && (!value || *value == std::trunc(*value));
    }
  }
  return !is_whole;
}

void add_images(Comparison::Evaluator& evaluator, std::vector<FinishedRun> const& runs,
                std::size_t extremes) {
  std::string const table = evaluator.stage + ".csv";
  auto const file = table_of(runs[0], evaluator.stage);
  std::optional<Column> const first = file ? read_column(*file, std::nullopt) : std::nullopt;
  for (std::size_t const r : evaluator.runs) {
    if (r == 0) continue;
    std::string const not_compared = "images of " + letter(r) + " are not compared: ";
    auto const other_file = table_of(runs[r], evaluator.stage);
    if (!file && !other_file) continue;
    if (!file || !other_file) {
      evaluator.notes.push_back(not_compared + letter(file ? r : 0) + " has no " + table);
      continue;
    }
    if (!first) continue;
    auto const other = read_column(*other_file, first->name);
    if (!other) {
      evaluator.notes.push_back(not_compared + "its " + table + " has no column \"" + first->name +
                                "\"");
      continue;
    }
    evaluator.images.push_back(compare_images(*first, *other, r, extremes));
    evaluator.images.back().fraction = has_fractions(*first, *other, evaluator.numbers);
  }
}

// The evaluators of all runs, in the order in which they appear.
std::vector<Comparison::Evaluator> evaluators_of(std::vector<FinishedRun> const& runs) {
  std::vector<Comparison::Evaluator> evaluators;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (auto const& [stage, metrics] : runs[r].metrics.items()) {
      auto found = std::ranges::find(evaluators, stage, &Comparison::Evaluator::stage);
      if (found == evaluators.end()) {
        found =
            evaluators.insert(evaluators.end(), Comparison::Evaluator{stage, {}, {}, {}, {}, {}});
      }
      found->runs.push_back(r);
    }
  }
  return evaluators;
}

[[noreturn]] void refuse_to_compare(std::vector<FinishedRun> const& runs) {
  std::string text = "there is nothing to compare: no evaluator is in the first run and in another";
  for (FinishedRun const& run : runs) {
    std::string names;
    for (auto const& [stage, metrics] : run.metrics.items()) {
      names += (names.empty() ? "\"" : ", \"") + stage + "\"";
    }
    text += "; " + run.folder.string() + " has " + (names.empty() ? "none" : names);
  }
  throw UsageError(text);
}

std::vector<Comparison::Evaluator> compare_evaluators(std::vector<FinishedRun> const& runs,
                                                      std::size_t extremes) {
  auto evaluators = evaluators_of(runs);
  bool is_any_compared = false;
  for (Comparison::Evaluator& evaluator : evaluators) {
    if (evaluator.runs.size() < 2 || evaluator.runs.front() != 0) continue;
    is_any_compared = true;
    std::vector<Json const*> metrics(runs.size());
    for (std::size_t const r : evaluator.runs) metrics[r] = &runs[r].metrics[evaluator.stage];
    std::tie(evaluator.numbers, evaluator.classes) = side_by_side(metrics);
    add_images(evaluator, runs, extremes);
  }
  if (!is_any_compared) refuse_to_compare(runs);
  return evaluators;
}

}  // namespace

std::optional<double> difference(std::optional<double> before, std::optional<double> after) {
  if (!before || !after) return std::nullopt;
  return *after - *before;
}

std::string letter(std::size_t run) {
  std::string text;
  for (std::size_t rest = run + 1; rest > 0; rest = (rest - 1) / 26) {
    text.insert(text.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return text;
}

Comparison compare(std::vector<fs::path> const& folders, std::size_t extremes) {
  if (folders.size() < 2) throw UsageError("name at least two runs to compare");
  std::vector<FinishedRun> runs;
  runs.reserve(folders.size());
  for (fs::path const& folder : folders) runs.push_back(open_run(folder));
  Comparison comparison;
  for (FinishedRun const& run : runs) {
    comparison.runs.push_back({run.folder, run.record ? run.record->status : ""});
  }
  comparison.options = what_differs(runs, options_of, true);
  // A plugin that only some runs used does not count: its stages are among the options.
  comparison.programs = what_differs(runs, programs_of, false);
  comparison.evaluators = compare_evaluators(runs, extremes);
  return comparison;
}

}  // namespace seplflow
