#include "run/comparison.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>

#include "pipeline/setting_text.hpp"
#include "run/csv.hpp"
#include "run/run_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamedVariants = 4;

std::string text_of(fs::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!fs::is_regular_file(file) || !stream) throw UsageError("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

Json json_in(fs::path const& file) {
  std::string const text = text_of(file);
  try {
    return Json::parse(text);
  } catch (Json::parse_error const& error) {
    auto const end = text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    throw UsageError(file.string() + ":" + std::to_string(1 + std::count(text.begin(), end, '\n')) +
                     ": this is not JSON; the file is damaged");
  }
}

// Empty where there is no such text.
std::string text_in(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// A run, or a variant of a sweep, as it lies on the disk.
struct RunFiles {
  fs::path folder;
  fs::path sweep;  // that the variant is of; empty for a run
  std::optional<RunRecord> record;
  Json metrics;
  std::vector<SettingText> settings;
};

fs::path sweep_of(fs::path const& folder) {
  fs::path const parent = fs::canonical(folder).parent_path();
  return parent.filename() == "variants" ? parent.parent_path() : fs::path();
}

[[noreturn]] void refuse_sweep(fs::path const& folder, Json const& variants) {
  std::vector<std::string> names;
  bool best = false;
  for (Json const& each : variants) {
    std::string const name = text_in(each, "variant");
    bool const is_best = each.contains("best");
    names.insert(is_best ? names.begin() : names.end(), name);
    best = best || is_best;
  }
  std::string text = folder.string() + " is a sweep; name one of its variants";
  if (!names.empty()) {
    text += ": " + (folder / "variants" / names.front()).string() + (best ? " (the best)" : "");
    std::size_t const named = std::min(names.size(), kNamedVariants);
    for (std::size_t i = 1; i < named; ++i) text.append(", ").append(names[i]);
    if (names.size() > named) text += " and " + std::to_string(names.size() - named) + " more";
  }
  throw UsageError(text);
}

void require_evaluators(fs::path const& file, Json const& metrics) {
  bool const sound = metrics.is_object() && std::ranges::all_of(metrics, &Json::is_object);
  if (!sound) {
    throw UsageError(file.string() +
                     ":1: this is not an object with an entry for each evaluator; the file is "
                     "damaged");
  }
}

RunFiles open_run(fs::path const& folder) {
  std::string const name = folder.string();
  if (!fs::exists(folder)) throw UsageError("there is no folder " + name);
  if (!fs::is_directory(folder)) {
    throw UsageError(name + " is a file; name the folder of a run");
  }
  RunFiles run{folder, {}, run_record_in(folder), {}, {}};
  if (!run.record) run.sweep = sweep_of(folder);
  if (!run.sweep.empty()) run.record = run_record_in(run.sweep);
  bool const has_metrics = fs::exists(folder / "metrics.json");
  if (!run.record && !has_metrics) {
    throw UsageError(name + " is no run: it has neither run.json nor metrics.json");
  }
  std::string const way_out = "; its command with --resume completes it";
  if (run.record && run.record->status != "done" && run.record->status != "done_with_failures") {
    throw UsageError((run.sweep.empty() ? name : name + " is of a sweep that") +
                     " is not complete (status \"" + run.record->status + "\")" + way_out);
  }
  if (run.sweep.empty() && run.record && run.record->json.contains("variants")) {
    refuse_sweep(folder, run.record->json["variants"]);
  }
  for (char const* const file : {"metrics.json", "pipeline.toml"}) {
    if (!fs::exists(folder / file)) {
      throw UsageError(name + " is not complete (it has no " + file + ")" + way_out);
    }
  }
  run.metrics = json_in(folder / "metrics.json");
  require_evaluators(folder / "metrics.json", run.metrics);
  fs::path const pipeline = folder / "pipeline.toml";
  run.settings = setting_texts(text_of(pipeline), pipeline.string());
  return run;
}

// What no axis of a sweep changes has its table in the sweep's folder.
std::optional<fs::path> table_of(RunFiles const& run, std::string const& stage) {
  for (fs::path const& folder : {run.folder, run.sweep}) {
    fs::path const file = folder / (stage + ".csv");
    if (!folder.empty() && fs::exists(file)) return file;
  }
  return std::nullopt;
}

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

// Which numbers are fractions. metrics.json writes the fraction 1 as the count 1, so what a name
// means is told by all its values in an evaluator.
class Fractions {
 public:
  void note(std::string const& name, std::optional<double> value) {
    auto& [bounded, whole] = seen_.try_emplace(name, true, true).first->second;
    bounded = bounded && (!value || std::abs(*value) <= 1);
    whole = whole && value && *value == std::trunc(*value);
  }

  bool contain(std::string const& name) const {
    auto const found = seen_.find(name);
    return found != seen_.end() && found->second.first && !found->second.second;
  }

 private:
  std::map<std::string, std::pair<bool, bool>> seen_;
};

bool is_value(Json const& json) {
  return json.is_number() || json.is_null();
}

std::optional<double> value_of(Json const& json) {
  if (!json.is_number()) return std::nullopt;
  double const value = json.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool lists_classes(Json const& json) {
  return json.is_array() && !json.empty() && std::ranges::all_of(json, [](Json const& each) {
           return each.is_object() && each.value("name", Json()).is_string();
         });
}

std::string number_of_classes(Json const& list) {
  for (Json const& each : list) {
    for (auto const& [key, value] : each.items()) {
      if (key != "id" && is_value(value)) return key;
    }
  }
  return "";
}

// The trees of an evaluator's metrics, put side by side.
class SideBySide {
 public:
  SideBySide(std::size_t runs, Fractions& fractions) : runs_(runs), fractions_(fractions) {}

  void add(std::size_t run, Json const& tree, std::string const& prefix = "") {
    for (auto const& [key, value] : tree.items()) {
      std::string const name = prefix + key;
      if (value.is_object()) {
        add(run, value, name + ".");
      } else if (is_value(value)) {
        auto const [place, is_new] = places_.try_emplace(name, numbers_.size());
        if (is_new) numbers_.push_back({{name, false, RunValues(runs_)}, key});
        numbers_[place->second].number.values[run] = value_of(value);
        fractions_.note(key, value_of(value));
      } else if (lists_classes(value)) {
        add_classes(run, value, name);
      }
    }
  }

  void give(Comparison::Evaluator& evaluator) {
    for (auto& [number, leaf] : numbers_) {
      number.fraction = fractions_.contain(leaf);
      evaluator.numbers.push_back(std::move(number));
    }
    for (auto& [classes, places] : lists_) {
      classes.fraction = fractions_.contain(classes.number);
      std::ranges::stable_sort(classes.classes, {}, &Comparison::Class::id);
      evaluator.classes.push_back(std::move(classes));
    }
  }

 private:
  struct PlacedNumber {
    Comparison::Number number;
    std::string leaf;
  };
  using Key = std::pair<std::optional<std::int64_t>, std::string>;
  struct PlacedClasses {
    Comparison::Classes classes;
    std::map<Key, std::size_t> places;
  };

  void add_classes(std::size_t run, Json const& list, std::string const& name) {
    auto found = std::ranges::find_if(
        lists_, [&](PlacedClasses const& each) { return each.classes.list == name; });
    if (found == lists_.end()) {
      std::string const number = number_of_classes(list);
      if (number.empty()) return;
      lists_.push_back(PlacedClasses{{name, number, false, {}}, {}});
      found = std::prev(lists_.end());
    }
    auto& [classes, places] = *found;
    for (Json const& each : list) {
      std::optional<std::int64_t> id;
      if (each.value("id", Json()).is_number_integer()) id = each["id"].get<std::int64_t>();
      std::string const class_name = each["name"].get<std::string>();
      auto const [place, is_new] = places.try_emplace({id, class_name}, places.size());
      if (is_new) classes.classes.push_back({id, class_name, RunValues(runs_)});
      auto const value = value_of(each.value(classes.number, Json()));
      classes.classes[place->second].values[run] = value;
      fractions_.note(classes.number, value);
    }
  }

  std::size_t runs_;
  Fractions& fractions_;
  std::vector<PlacedNumber> numbers_;
  std::map<std::string, std::size_t> places_;
  std::vector<PlacedClasses> lists_;
};

struct TableRow {
  std::string name;
  std::optional<double> value;
};

// A column of an evaluator's table, with the names of its images.
struct Column {
  std::string name;
  std::vector<TableRow> rows;
  std::vector<std::uint32_t> by_name;  // the order of the rows by name, then place
};

// The column of that name, or the first after the images' names; nothing when there is none.
std::optional<Column> read_column(fs::path const& file, std::optional<std::string> const& name) {
  CsvReader csv(file);
  std::vector<std::string> columns, cells;
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  std::size_t const place =
      name ? static_cast<std::size_t>(std::ranges::find(columns, *name) - columns.begin()) : 1;
  if (place >= columns.size()) return std::nullopt;
  Column column{columns[place], {}, {}};
  while (csv.next(cells)) {
    if (cells.size() != columns.size()) {
      csv.fail("a row of " + std::to_string(cells.size()) + " cells, where there are " +
               std::to_string(columns.size()) + " columns; the file is damaged");
    }
    std::string const& cell = cells[place];
    std::optional<double> value;
    if (!cell.empty()) {
      double number = 0;
      auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
      if (error != std::errc() || end != cell.data() + cell.size()) {
        csv.fail("\"" + cell + "\" in column \"" + column.name + "\" is no number");
      }
      if (std::isfinite(number)) value = number;
    }
    column.rows.push_back({cells[0], value});
  }
  column.by_name.resize(column.rows.size());
  std::iota(column.by_name.begin(), column.by_name.end(), 0U);
  std::ranges::stable_sort(column.by_name, {}, [&](std::uint32_t row) -> std::string const& {
    return column.rows[row].name;
  });
  return column;
}

class ImageComparison {
 public:
  ImageComparison(Column const& first, Column const& other, std::size_t run, std::size_t extremes)
      : first_(first), other_(other), partners_(first.rows.size()), extremes_(extremes) {
    images_.run = run;
    images_.number = first.name;
  }

  Comparison::Images compare() {
    find_partners();
    std::uint64_t compared = 0;
    double sum = 0;
    for (std::uint32_t row = 0; row < partners_.size(); ++row) {
      if (!partners_[row]) continue;
      auto const change = difference_of(row);
      if (!change) {
        ++images_.without_value;
        continue;
      }
      sum += *change;
      ++compared;
      if (*change > 0) improved_.push_back(row);
      if (*change < 0) harmed_.push_back(row);
    }
    images_.improved = improved_.size();
    images_.harmed = harmed_.size();
    images_.equal = compared - images_.improved - images_.harmed;
    if (compared > 0) images_.mean_difference = sum / static_cast<double>(compared);
    images_.most_improved = extremes_of(improved_, -1);
    images_.most_harmed = extremes_of(harmed_, 1);
    return std::move(images_);
  }

 private:
  void find_partners() {
    auto first = first_.by_name.begin(), other = other_.by_name.begin();
    while (first != first_.by_name.end() && other != other_.by_name.end()) {
      int const order = first_.rows[*first].name.compare(other_.rows[*other].name);
      if (order == 0) {
        partners_[*first++] = *other++;
      } else if (order < 0) {
        ++images_.only_first, ++first;
      } else {
        ++images_.only_other, ++other;
      }
    }
    images_.only_first += static_cast<std::uint64_t>(first_.by_name.end() - first);
    images_.only_other += static_cast<std::uint64_t>(other_.by_name.end() - other);
  }

  std::optional<double> difference_of(std::uint32_t row) const {
    return difference(first_.rows[row].value, other_.rows[*partners_[row]].value);
  }

  std::vector<Comparison::Image> extremes_of(std::vector<std::uint32_t>& rows, double sign) const {
    std::size_t const count = std::min(extremes_, rows.size());
    auto const middle = rows.begin() + static_cast<std::ptrdiff_t>(count);
    // By row among equals, so that the order is that of the file.
    std::ranges::partial_sort(rows, middle, {}, [&](std::uint32_t row) {
      return std::pair(sign * *difference_of(row), row);
    });
    std::vector<Comparison::Image> images;
    for (auto row = rows.begin(); row != middle; ++row) {
      images.push_back(
          {first_.rows[*row].name, *first_.rows[*row].value, *other_.rows[*partners_[*row]].value});
    }
    return images;
  }

  Column const& first_;
  Column const& other_;
  std::vector<std::optional<std::uint32_t>> partners_;  // in the other table, by row of the first
  std::vector<std::uint32_t> improved_, harmed_;
  std::size_t extremes_;
  Comparison::Images images_;
};

void note_values(Fractions& fractions, Column const& column) {
  for (TableRow const& row : column.rows) {
    if (row.value) fractions.note(column.name, row.value);
  }
}

void compare_images(std::vector<RunFiles> const& runs, std::size_t extremes, Fractions& fractions,
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
    evaluator.images.push_back(ImageComparison(*first, *other, r, extremes).compare());
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
    compare_images(runs, extremes, fractions, evaluator);
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
