#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/data_table.hpp"
#include "cli/table.hpp"
#include "compare/comparison.hpp"
#include "run/json.hpp"

namespace seplflow::cli {
namespace {

constexpr std::size_t kHashCharacters = 12;
constexpr double kExactIntegers = 9007199254740992.0;  // a double is exact up to here

struct CompareArguments {
  std::vector<std::string> runs;
  std::int64_t extremes = 5;
  bool json = false;
};

bool is_whole(double value) {
  return value == std::trunc(value) && std::abs(value) < kExactIntegers;
}

std::string value_text(std::optional<double> value, bool fraction) {
  return cell_text({Cell(value), fraction ? DataCell::Kind::fraction : DataCell::Kind::plain});
}

std::string difference_text(std::optional<double> value, bool fraction) {
  return cell_text(
      {Cell(value), fraction ? DataCell::Kind::fraction_change : DataCell::Kind::change});
}

std::vector<std::string> value_columns(std::string const& first, std::size_t runs) {
  std::vector<std::string> columns = {first, letter(0)};
  for (std::size_t r = 1; r < runs; ++r) {
    columns.push_back(letter(r));
    columns.push_back(letter(r) + "-" + letter(0));
  }
  return columns;
}

std::vector<std::string> value_row(std::string const& first, RunValues const& values,
                                   bool fraction) {
  std::vector<std::string> row = {first, value_text(values[0], fraction)};
  for (std::size_t r = 1; r < values.size(); ++r) {
    row.push_back(value_text(values[r], fraction));
    row.push_back(difference_text(difference(values[0], values[r]), fraction));
  }
  return row;
}

std::string in_percent(bool fraction) {
  return fraction ? ", percent" : "";
}

std::string letters(std::vector<std::size_t> const& runs) {
  std::string text;
  for (std::size_t const r : runs) text += (text.empty() ? "" : ", ") + letter(r);
  return text;
}

void print_runs(Page& page, Comparison const& comparison) {
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    auto const& [folder, status] = comparison.runs[r];
    std::string note = without_controls(status);
    if (comparison.is_inside) note = r == 0 ? "before: the baseline" : "after";
    page << letter(r) << " = " << without_controls(folder.string())
         << (note.empty() ? "" : " (" + note + ")") << '\n';
  }
}

// "select.t1: 0.5 in A, C; 0.25 in B", for tables that are too wide.
void print_setting(Page& page, std::string const& name,
                   std::vector<std::optional<std::string>> const& values) {
  page << "  " << without_controls(name) << ": ";
  for (std::size_t r = 0; r < values.size(); ++r) {
    if (std::find(values.begin(), values.begin() + r, values[r]) != values.begin() + r) continue;
    std::vector<std::size_t> equal;
    for (std::size_t other = r; other < values.size(); ++other) {
      if (values[other] == values[r]) equal.push_back(other);
    }
    page << (r > 0 ? "; " : "") << without_controls(values[r].value_or("absent")) << " in "
         << letters(equal);
  }
  page << '\n';
}

void print_settings(Page& page, std::string const& title,
                    std::vector<Comparison::Setting> const& settings, std::size_t runs) {
  SummaryTable table{title, {""}, {}};
  for (std::size_t r = 0; r < runs; ++r) table.columns.push_back(letter(r));
  for (auto const& [name, values] : settings) {
    std::vector<std::string> row = {name};
    for (auto const& value : values) row.push_back(value.value_or("-"));
    table.rows.push_back(std::move(row));
  }
  if (page.fits(table)) return page.add(table);
  page << title << '\n';
  for (auto const& [name, values] : settings) print_setting(page, name, values);
}

void print_differences(Page& page, Comparison const& comparison) {
  page << '\n';
  if (comparison.options.empty()) {
    page << "What differs in the options: nothing\n";
  } else {
    print_settings(page, "What differs in the options:", comparison.options,
                   comparison.runs.size());
  }
  if (comparison.programs.empty()) return;
  auto programs = comparison.programs;
  for (auto& program : programs) {
    if (program.name.starts_with("versions.") && program.name != "versions.library") continue;
    for (auto& value : program.values) {
      if (value) value = value->substr(0, kHashCharacters);
    }
  }
  page << '\n';
  print_settings(page, "What differs in the program and its plugins (by hash):", programs,
                 comparison.runs.size());
}

bool all_the_same(Comparison::Classes const& classes) {
  return std::ranges::all_of(classes.classes, [](Comparison::Class const& each) {
    return std::ranges::all_of(each.values, [&](auto const& v) { return v == each.values[0]; });
  });
}

void print_classes(Page& page, Comparison::Evaluator const& evaluator, std::size_t runs) {
  for (Comparison::Classes const& classes : evaluator.classes) {
    std::string const title = evaluator.stage + ": " + classes.number + " of " + classes.list;
    page << '\n';
    // The first list is always shown. Others, such as that of the baseline, only if they differ.
    if (&classes != &evaluator.classes.front() && all_the_same(classes)) {
      page << without_controls(title) << ": the same in all\n";
      continue;
    }
    SummaryTable table{title + in_percent(classes.fraction), value_columns("", runs), {}};
    for (auto const& [id, name, values] : classes.classes) {
      std::string const label = id ? std::to_string(*id) + " " + name : name;
      table.rows.push_back(value_row(label, values, classes.fraction));
    }
    page.add(table);
  }
}

void print_extremes(Page& page, std::string const& title,
                    std::vector<Comparison::Image> const& extremes,
                    Comparison::Images const& images) {
  if (extremes.empty()) return;
  std::string const first = letter(0), other = letter(images.run);
  SummaryTable table{"", {title, first, other, other + "-" + first}, {}};
  for (auto const& [name, before, after] : extremes) {
    table.rows.push_back(value_row(name, {before, after}, images.fraction));
  }
  page.add(table);
}

void print_images(Page& page, Comparison::Evaluator const& evaluator) {
  for (Comparison::Images const& images : evaluator.images) {
    std::string const first = letter(0), other = letter(images.run);
    page << '\n'
         << without_controls(evaluator.stage + ": " + images.number) << " by image, " << other
         << " against " << first << in_percent(images.fraction)
         << (images.less_is_better ? ", less is better" : "") << '\n';
    page << "  " << counted(images.improved + images.harmed + images.equal, "image") << ": "
         << images.improved << " improved, " << images.harmed << " harmed, " << images.equal
         << " equal";
    if (images.mean_difference) {
      page << "; mean difference " << difference_text(images.mean_difference, images.fraction);
    }
    page << '\n';
    auto const print_left_out = [&](std::uint64_t count, std::string const& where) {
      if (count > 0) page << "  left out: " << counted(count, "image") << " " << where << '\n';
    };
    print_left_out(images.only_first, "only in " + first);
    print_left_out(images.only_other, "only in " + other);
    print_left_out(images.without_value, "without a value in one of them");
    print_extremes(page, "most improved", images.most_improved, images);
    print_extremes(page, "most harmed", images.most_harmed, images);
  }
}

void print_evaluator(Page& page, Comparison::Evaluator const& evaluator, std::size_t runs) {
  page << '\n';
  if (evaluator.runs.size() < runs) {
    page << without_controls(evaluator.stage) << ": only in " << letters(evaluator.runs) << '\n';
  }
  if (evaluator.numbers.empty() && evaluator.classes.empty()) return;
  bool const fractions =
      std::ranges::any_of(evaluator.numbers, [](auto const& number) { return number.fraction; });
  SummaryTable table{evaluator.stage + in_percent(fractions), value_columns("", runs), {}};
  for (auto const& [name, fraction, values, unit] : evaluator.numbers) {
    table.rows.push_back(
        value_row(unit.empty() ? name : name + " (" + unit + ")", values, fraction));
  }
  if (!table.rows.empty()) page.add(table);
  print_classes(page, evaluator, runs);
  print_images(page, evaluator);
  if (!evaluator.notes.empty()) page << '\n';
  for (std::string const& note : evaluator.notes) {
    page << without_controls(evaluator.stage + ": " + note) << '\n';
  }
}

Json number_json(std::optional<double> value) {
  if (!value) return nullptr;
  return is_whole(*value) ? Json(static_cast<std::int64_t>(*value)) : Json(*value);
}

void add_values(Json& json, RunValues const& values) {
  json["values"] = Json::array();
  json["differences"] = Json::array();
  for (std::size_t r = 0; r < values.size(); ++r) {
    json["values"].push_back(number_json(values[r]));
    if (r > 0) json["differences"].push_back(number_json(difference(values[0], values[r])));
  }
}

Json settings_json(std::vector<Comparison::Setting> const& settings) {
  Json list = Json::array();
  for (auto const& [name, values] : settings) {
    Json texts = Json::array();
    for (auto const& value : values) texts.push_back(value ? Json(*value) : Json());
    list.push_back({{"name", name}, {"values", texts}});
  }
  return list;
}

Json classes_json(Comparison::Classes const& classes) {
  Json list = Json::array();
  for (auto const& [id, name, values] : classes.classes) {
    Json row = Json::object();
    if (id) row["id"] = *id;
    row["name"] = name;
    add_values(row, values);
    list.push_back(std::move(row));
  }
  return {{"list", classes.list}, {"number", classes.number}, {"classes", list}};
}

Json extremes_json(std::vector<Comparison::Image> const& extremes) {
  Json list = Json::array();
  for (auto const& [name, first, other] : extremes) {
    list.push_back({{"name", name},
                    {"values", {number_json(first), number_json(other)}},
                    {"difference", number_json(difference(first, other))}});
  }
  return list;
}

Json images_json(Comparison::Images const& images) {
  return {{"run", letter(images.run)},
          {"number", images.number},
          {"improved", images.improved},
          {"harmed", images.harmed},
          {"equal", images.equal},
          {"without_value", images.without_value},
          {"only_in_first", images.only_first},
          {"only_in_run", images.only_other},
          {"mean_difference", number_json(images.mean_difference)},
          {"most_improved", extremes_json(images.most_improved)},
          {"most_harmed", extremes_json(images.most_harmed)}};
}

Json evaluator_json(Comparison::Evaluator const& evaluator) {
  Json json = {{"evaluator", evaluator.stage}, {"runs", Json::array()}};
  for (std::size_t const r : evaluator.runs) json["runs"].push_back(letter(r));
  for (char const* const list : {"metrics", "classes", "images", "notes"}) {
    json[list] = Json::array();
  }
  for (auto const& [name, fraction, values, unit] : evaluator.numbers) {
    Json row = {{"name", name}};
    if (!unit.empty()) row["unit"] = unit;
    add_values(row, values);
    json["metrics"].push_back(std::move(row));
  }
  for (auto const& classes : evaluator.classes) json["classes"].push_back(classes_json(classes));
  for (auto const& images : evaluator.images) json["images"].push_back(images_json(images));
  for (auto const& note : evaluator.notes) json["notes"].push_back(note);
  return json;
}

Json comparison_json(Comparison const& comparison) {
  Json runs = Json::array(), evaluators = Json::array();
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    auto const& [folder, status] = comparison.runs[r];
    runs.push_back({{"run", letter(r)},
                    {"folder", folder.string()},
                    {"status", status.empty() ? Json() : Json(status)}});
    if (comparison.is_inside) runs.back()["part"] = r == 0 ? "before" : "after";
  }
  for (auto const& each : comparison.evaluators) evaluators.push_back(evaluator_json(each));
  return {{"runs", runs},
          {"options", settings_json(comparison.options)},
          {"programs", settings_json(comparison.programs)},
          {"evaluators", evaluators}};
}

int compare(CompareArguments const& arguments) {
  std::vector<std::filesystem::path> const folders(arguments.runs.begin(), arguments.runs.end());
  Comparison const comparison =
      seplflow::compare(folders, static_cast<std::size_t>(arguments.extremes));
  if (arguments.json) {
    std::cout << json_text(comparison_json(comparison), 2) << '\n';
    return kDone;
  }
  Page page(screen_of(STDOUT_FILENO));
  print_runs(page, comparison);
  if (!comparison.is_inside) print_differences(page, comparison);
  for (auto const& evaluator : comparison.evaluators) {
    print_evaluator(page, evaluator, comparison.runs.size());
  }
  page.print(std::cout);
  return kDone;
}

}  // namespace

Command compare_command() {
  auto const arguments = std::make_shared<CompareArguments>();
  Command command{.name = "compare",
                  .summary = "Compare runs with the first, or one run before and after: scores, classes, images",
                  .run = [arguments] { return compare(*arguments); },
                  .examples =
                      "  seplflow compare runs/demo runs/t1-0.3 runs/t1-0.7\n"
                      "  seplflow compare runs/demo\n"
                      "  seplflow compare runs/demo runs/t1-0.3 --extremes 20\n"};
  command
      .positional("RUN", "run folders, or variants of a sweep (RUN/variants/NAME); one alone is compared with its baseline",
                  arguments->runs)
      .required = true;
  command.count("--extremes",
                "how many of the most improved and most harmed images to show (default 5)",
                arguments->extremes);
  command.flag("--json", "print the whole comparison as JSON", arguments->json);
  return command;
}

}  // namespace seplflow::cli
