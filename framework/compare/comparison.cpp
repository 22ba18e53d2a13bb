#include "compare/comparison.hpp"

#include <algorithm>

#include "compare/finished_run.hpp"
#include "compare/image_table.hpp"
#include "compare/side_by_side.hpp"

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

void add_images(Comparison::Evaluator& evaluator, std::vector<FinishedRun> const& runs,
                std::size_t extremes) {
  std::string const table = evaluator.stage + ".csv";
  auto const file = table_of(runs[0], evaluator.stage);
  std::optional<ImageColumn> const first =
      file ? read_column(runs[0], *file, std::nullopt) : std::nullopt;
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
    auto const other = read_column(runs[r], *other_file, first->name);
    if (!other) {
      evaluator.notes.push_back(not_compared + "its " + table + " has no column \"" + first->name +
                                "\"");
      continue;
    }
    Json const meaning = meaning_of(runs, evaluator.stage, first->name);
    bool const less_is_better = text_in(meaning, "better") == "less";
    evaluator.images.push_back(compare_images(*first, *other, r, less_is_better, extremes));
    evaluator.images.back().fraction = has_fractions({&*first, &*other}, evaluator.numbers);
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
    SideBySide metrics(runs.size());
    for (std::size_t const r : evaluator.runs) metrics.add(r, runs[r].metrics[evaluator.stage]);
    metrics.move_to(evaluator);
    apply_meanings(evaluator, runs);
    add_images(evaluator, runs, extremes);
  }
  if (!is_any_compared) refuse_to_compare(runs);
  return evaluators;
}

// The metrics of what an evaluator compares with; null when it compares with nothing.
Json baseline_in(Json const& metrics) {
  Json const baseline = metrics.value("baseline", Json());
  return baseline.is_object() ? baseline : Json();
}

// Its images before and after, by its first column; nothing without a table that has both.
std::optional<Comparison::Images> images_inside(FinishedRun const& run,
                                                Comparison::Evaluator const& evaluator,
                                                std::size_t extremes) {
  auto const file = table_of(run, evaluator.stage);
  if (!file) return std::nullopt;
  auto const after = read_column(run, *file, std::nullopt);
  if (!after) return std::nullopt;
  auto before = read_column(run, *file, "baseline_" + after->name);
  if (!before) return std::nullopt;
  before->name = after->name;
  bool const less = text_in(meaning_of({run}, evaluator.stage, after->name), "better") == "less";
  auto images = compare_images(*before, *after, 1, less, extremes);
  images.fraction = has_fractions({&*before, &*after}, evaluator.numbers);
  return images;
}

}  // namespace

std::vector<Comparison::Evaluator> before_and_after(FinishedRun const& run,
                                                    std::optional<std::size_t> extremes) {
  std::vector<Comparison::Evaluator> evaluators;
  for (auto const& [stage, metrics] : run.metrics.items()) {
    Json const before = baseline_in(metrics);
    Json after = metrics;
    after.erase("baseline");
    after.erase("gain");
    Comparison::Evaluator evaluator{stage, {1}, {}, {}, {}, {}};
    if (!before.is_null()) evaluator.runs = {0, 1};
    SideBySide sides(2);
    sides.add(1, after);
    if (!before.is_null()) sides.add(0, before);
    sides.move_to(evaluator);
    apply_meanings(evaluator, {run});
    if (extremes && !before.is_null()) {
      if (auto images = images_inside(run, evaluator, *extremes)) {
        evaluator.images.push_back(std::move(*images));
      }
    }
    evaluators.push_back(std::move(evaluator));
  }
  return evaluators;
}

namespace {

Comparison compare_inside(fs::path const& folder, std::size_t extremes) {
  FinishedRun const run = open_run(folder);
  Comparison comparison;
  comparison.is_inside = true;
  std::string const status = run.record ? run.record->status : "";
  comparison.runs = {{run.folder, status}, {run.folder, status}};
  comparison.evaluators = before_and_after(run, extremes);
  std::string known;
  for (Comparison::Evaluator const& each : comparison.evaluators) {
    known += (known.empty() ? "\"" : ", \"") + each.stage + "\"";
  }
  std::erase_if(comparison.evaluators, [](auto const& each) { return each.runs.size() < 2; });
  if (!comparison.evaluators.empty()) return comparison;
  throw UsageError("there is nothing to compare in " + folder.string() +
                   ": no evaluator has a baseline (it has " + (known.empty() ? "none" : known) +
                   "); connect the input baseline of an evaluator, or name a second run");
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
  if (folders.size() == 1) return compare_inside(folders.front(), extremes);
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
