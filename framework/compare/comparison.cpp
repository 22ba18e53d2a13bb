#include "compare/comparison.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_map>

#include "base/number_text.hpp"
#include "compare/finished_run.hpp"
#include "run/csv.hpp"

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

// What the runs say about a score; null where none of them knows it.
Json meaning_of(std::vector<FinishedRun> const& runs, std::string const& stage,
                std::string const& metric) {
  for (FinishedRun const& run : runs) {
    if (!run.record) continue;
    Json const scores = run.record->json.value("scores", Json::object());
    if (!scores.is_object()) continue;
    Json const meaning = scores.value(stage + "." + metric, Json());
    if (meaning.is_object()) return meaning;
  }
  return nullptr;
}

// Corrects what is otherwise guessed from the values.
void apply_meanings(Comparison::Evaluator& evaluator, std::vector<FinishedRun> const& runs) {
  for (Comparison::Number& number : evaluator.numbers) {
    std::string const unit = text_in(meaning_of(runs, evaluator.stage, number.name), "unit");
    if (unit.empty()) continue;
    number.fraction = unit == "fraction";
    if (!number.fraction) number.unit = unit;
  }
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

// Whether numbers are fractions: metrics.json writes those with a decimal point, and counts
// without.
class Scale {
 public:
  void note(Json const& value) {
    if (!value.is_number()) return;
    has_point_ = has_point_ || value.is_number_float();
    is_bounded_ = is_bounded_ && std::abs(value.get<double>()) <= 1;
  }
  bool is_fraction() const { return has_point_ && is_bounded_; }

 private:
  bool has_point_ = false, is_bounded_ = true;
};

// Of a count, which may be less than one.
bool is_per_sample(std::string const& name) {
  return name.ends_with(".per_sample");
}

// The metrics of an evaluator in several runs, number by number and class by class.
class SideBySide {
 public:
  explicit SideBySide(std::size_t runs) : runs_(runs) {}

  void add(std::size_t run, Json const& tree, std::string const& prefix = "") {
    for (auto const& [key, value] : tree.items()) {
      std::string const name = prefix + key;
      if (value.is_object()) {
        add(run, value, name + ".");
      } else if (is_value(value)) {
        auto const [place, is_new] = places_.try_emplace(name, numbers_.size());
        if (is_new) numbers_.push_back({{name, false, RunValues(runs_)}, {}});
        auto& [number, scale] = numbers_[place->second];
        number.values[run] = value_of(value);
        scale.note(value);
      } else if (lists_classes(value)) {
        add_classes(run, value, name);
      }
    }
  }

  void move_to(Comparison::Evaluator& evaluator) {
    for (auto& [number, scale] : numbers_) {
      number.fraction = scale.is_fraction() && !is_per_sample(number.name);
      evaluator.numbers.push_back(std::move(number));
    }
    for (ClassList& list : lists_) {
      list.classes.fraction = list.scale.is_fraction();
      std::ranges::stable_sort(list.classes.classes, {}, &Comparison::Class::id);
      evaluator.classes.push_back(std::move(list.classes));
    }
  }

 private:
  struct ClassList {
    Comparison::Classes classes;
    Scale scale;
    std::map<std::pair<std::optional<std::int64_t>, std::string>, std::size_t> places;
  };

  void add_classes(std::size_t run, Json const& json, std::string const& name) {
    auto found = std::ranges::find_if(
        lists_, [&](ClassList const& each) { return each.classes.list == name; });
    if (found == lists_.end()) {
      std::string const number = number_of_classes(json);
      if (number.empty()) return;
      found = lists_.insert(lists_.end(), ClassList{{name, number, false, {}}, {}, {}});
    }
    auto& [list, scale, places] = *found;
    for (Json const& each : json) {
      std::optional<std::int64_t> id;
      if (each.value("id", Json()).is_number_integer()) id = each["id"].get<std::int64_t>();
      std::string const class_name = each["name"].get<std::string>();
      auto const [place, is_new] = places.try_emplace({id, class_name}, places.size());
      if (is_new) list.classes.push_back({id, class_name, RunValues(runs_)});
      Json const value = each.value(list.number, Json());
      list.classes[place->second].values[run] = value_of(value);
      scale.note(value);
    }
  }

  std::size_t runs_;
  std::vector<std::pair<Comparison::Number, Scale>> numbers_;
  std::map<std::string, std::size_t> places_;
  std::vector<ClassList> lists_;
};

// Nothing for an empty cell, an infinity or NaN.
std::optional<double> value_in(std::string const& cell, CsvReader const& csv,
                               std::string const& column) {
  if (cell.empty()) return std::nullopt;
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    csv.fail("\"" + cell + "\" in column \"" + column + "\" is not a number");
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// The images with the greatest changes, in the order of the table where these are equal.
std::vector<Comparison::Image> extremes_of(std::vector<Comparison::Image> images,
                                           std::size_t count) {
  std::ranges::stable_sort(images, std::greater(), [](Comparison::Image const& image) {
    return std::abs(image.other - image.first);
  });
  images.resize(std::min(count, images.size()));
  return images;
}

// A column of an evaluator's table, with the image of each row.
struct Column {
  std::string name;
  std::vector<std::pair<std::string, std::optional<double>>> rows;
};

// The column of that name, or the first one after the images; nothing when it does not exist.
// Throws UsageError, with the line, when the table is damaged.
std::optional<Column> read_column(FinishedRun const& run, fs::path const& file,
                                  std::optional<std::string> const& name) {
  CsvReader csv(file, csv_text_of(run));
  std::vector<std::string> columns, cells;
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  std::size_t const place =
      name ? static_cast<std::size_t>(std::ranges::find(columns, *name) - columns.begin()) : 1;
  if (place >= columns.size()) return std::nullopt;
  Column column{columns[place], {}};
  while (csv.next(cells)) {
    if (cells.size() != columns.size()) {
      csv.fail("this row has " + counted(cells.size(), "cell") + ", but there are " +
               counted(columns.size(), "column") + "; the file is damaged");
    }
    column.rows.emplace_back(cells[0], value_in(cells[place], csv, column.name));
  }
  return column;
}

// Matches the images of both by name; `run` is the index of the other.
Comparison::Images compare_images(Column const& first, Column const& other, std::size_t run,
                                  bool less_is_better, std::size_t extremes) {
  std::unordered_map<std::string_view, std::optional<double>> others(other.rows.begin(),
                                                                     other.rows.end());
  Comparison::Images images;
  images.run = run;
  images.number = first.name;
  images.less_is_better = less_is_better;
  std::vector<Comparison::Image> improved, harmed;
  double sum = 0;
  for (auto const& [image, before] : first.rows) {
    auto const found = others.extract(image);
    if (!found) {
      ++images.only_first;
      continue;
    }
    auto const after = found.mapped();
    auto const change = difference(before, after);
    if (!change) {
      ++images.without_value;
      continue;
    }
    sum += *change;
    if (*change == 0) ++images.equal;
    if (*change == 0) continue;
    auto& changed = (*change > 0) != less_is_better ? improved : harmed;
    changed.push_back({image, *before, *after});
  }
  images.only_other = others.size();
  images.improved = improved.size();
  images.harmed = harmed.size();
  std::uint64_t const compared = images.improved + images.harmed + images.equal;
  if (compared > 0) images.mean_difference = sum / static_cast<double>(compared);
  images.most_improved = extremes_of(std::move(improved), extremes);
  images.most_harmed = extremes_of(std::move(harmed), extremes);
  return images;
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
  std::optional<Column> const first =
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
    SideBySide metrics(runs.size());
    for (std::size_t const r : evaluator.runs) metrics.add(r, runs[r].metrics[evaluator.stage]);
    metrics.move_to(evaluator);
    apply_meanings(evaluator, runs);
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
