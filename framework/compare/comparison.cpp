#include "compare/comparison.hpp"

#include <algorithm>
#include <iterator>

#include "compare/finished_run.hpp"
#include "compare/image_comparison.hpp"
#include "compare/side_by_side.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// What is not the same in all runs, in the order in which it is met.
class Settings {
 public:
  explicit Settings(std::size_t runs) : runs_(runs) {}

  Comparison::Setting& at(std::string const& name) {
    auto const found = std::ranges::find(list_, name, &Comparison::Setting::name);
    if (found != list_.end()) return *found;
    list_.push_back({name, std::vector<std::optional<std::string>>(runs_)});
    return list_.back();
  }

  std::vector<Comparison::Setting> take() { return std::move(list_); }

 private:
  std::size_t runs_;
  std::vector<Comparison::Setting> list_;
};

std::vector<Comparison::Setting> options_that_differ(std::vector<RunFiles> const& runs) {
  Settings settings(runs.size());
  auto const name_of = [](auto const& setting) {
    return setting.stage.empty() ? setting.key : setting.stage + "." + setting.key;
  };
  for (std::size_t r = 1; r < runs.size(); ++r) {
    for (auto const& change : changes(runs[0].settings, runs[r].settings)) {
      settings.at(name_of(change));
    }
  }
  auto differing = settings.take();
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (SettingText const& each : runs[r].settings) {
      auto const found = std::ranges::find(differing, name_of(each), &Comparison::Setting::name);
      if (found != differing.end()) found->values[r] = each.value;
    }
  }
  return differing;
}

// Versions, and the hashes of plugins by file name.
std::vector<std::pair<std::string, std::string>> programs_of(RunFiles const& run) {
  std::vector<std::pair<std::string, std::string>> programs;
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

// A plugin that only one run used is no difference: its stages are among the options.
std::vector<Comparison::Setting> programs_that_differ(std::vector<RunFiles> const& runs) {
  Settings settings(runs.size());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (auto const& [name, value] : programs_of(runs[r])) settings.at(name).values[r] = value;
  }
  auto programs = settings.take();
  std::erase_if(programs, [](Comparison::Setting const& each) {
    std::optional<std::string> known;
    return std::ranges::all_of(each.values, [&](auto const& value) {
      if (!known) known = value;
      return !value || value == known;
    });
  });
  return programs;
}

void note_values(Fractions& fractions, Column const& column) {
  for (TableRow const& row : column.rows) {
    if (row.value) fractions.note(column.name, row.value);
  }
}

void compare_tables(std::vector<RunFiles> const& runs, std::size_t extremes, Fractions& fractions,
                    Comparison::Evaluator& evaluator) {
  std::string const table = evaluator.stage + ".csv";
  auto const file = table_of(runs[0], evaluator.stage);
  std::optional<Column> const first = file ? read_column(*file, std::nullopt) : std::nullopt;
  if (first) note_values(fractions, *first);
  for (std::size_t const r : evaluator.runs) {
    if (r == 0) continue;
    auto const other_file = table_of(runs[r], evaluator.stage);
    if (!file && !other_file) continue;
    if (!file || !other_file) {
      evaluator.notes.push_back("images of " + letter(r) +
                                " are not compared: " + letter(file ? r : 0) + " has no " + table);
      continue;
    }
    if (!first) continue;
    auto const other = read_column(*other_file, first->name);
    if (!other) {
      evaluator.notes.push_back("images of " + letter(r) + " are not compared: its " + table +
                                " has no column \"" + first->name + "\"");
      continue;
    }
    note_values(fractions, *other);
    evaluator.images.push_back(compare_images(*first, *other, r, extremes));
  }
  for (auto& images : evaluator.images) images.fraction = fractions.contain(images.number);
}

std::vector<Comparison::Evaluator> compare_evaluators(std::vector<RunFiles> const& runs,
                                                      std::size_t extremes) {
  std::vector<Comparison::Evaluator> evaluators;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (auto const& [stage, metrics] : runs[r].metrics.items()) {
      auto found = std::ranges::find(evaluators, stage, &Comparison::Evaluator::stage);
      if (found == evaluators.end()) {
        evaluators.push_back(Comparison::Evaluator{stage, {}, {}, {}, {}, {}});
        found = std::prev(evaluators.end());
      }
      found->runs.push_back(r);
    }
  }
  bool any = false;
  for (Comparison::Evaluator& evaluator : evaluators) {
    if (evaluator.runs.size() < 2 || evaluator.runs.front() != 0) continue;
    any = true;
    Fractions fractions;
    SideBySide metrics(runs.size(), fractions);
    for (std::size_t const r : evaluator.runs) metrics.add(r, runs[r].metrics[evaluator.stage]);
    compare_tables(runs, extremes, fractions, evaluator);
    metrics.give(evaluator);
  }
  if (any) return evaluators;
  std::string text = "there is nothing to compare: no evaluator is in the first run and in another";
  for (RunFiles const& run : runs) {
    std::string names;
    for (auto const& [stage, metrics] : run.metrics.items()) {
      names += (names.empty() ? "\"" : ", \"") + stage + "\"";
    }
    text += "; " + run.folder.string() + " has " + (names.empty() ? "none" : names);
  }
  throw UsageError(text);
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
  if (folders.size() < 2) throw UsageError("name two runs or more to compare");
  std::vector<RunFiles> runs;
  runs.reserve(folders.size());
  for (fs::path const& folder : folders) runs.push_back(open_run(folder));
  Comparison comparison;
  for (RunFiles const& run : runs) {
    comparison.runs.push_back({run.folder, run.record ? run.record->status : ""});
  }
  comparison.options = options_that_differ(runs);
  comparison.programs = programs_that_differ(runs);
  comparison.evaluators = compare_evaluators(runs, extremes);
  return comparison;
}

}  // namespace seplflow
