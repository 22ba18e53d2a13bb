#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "base/number_text.hpp"
#include "base/similar_names.hpp"
#include "cli/commands.hpp"
#include "cli/run_views.hpp"
#include "cli/show_tables.hpp"
#include "cli/table.hpp"
#include "run/cost.hpp"
#include "run/resume/hints.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kShownVariants = 30;

struct ShowArguments {
  std::string run, by, evaluator;
  bool classes = false;
  std::optional<std::int64_t> worst, best;
  FormatArguments format;

  bool has_section() const { return classes || worst || best; }
};

// A run, or a sweep with its best variant.
struct Shown {
  RunContents whole;
  std::optional<RunContents> variant;  // of a sweep: the best one
  std::optional<SweepTable> sweep;

  RunContents const& scored() const { return variant ? *variant : whole; }
};

Shown open(fs::path const& folder) {
  Shown shown{contents_of(folder), {}, {}};
  RunContents& whole = shown.whole;
  if (!whole.place.is_sweep || !whole.place.record->is_complete()) return shown;
  RunVariants const variants = variants_in(*whole.place.record);
  // Without a best variant, any of them has the names of the scores.
  std::size_t const shown_variant = variants.best.value_or(0);
  std::string score = main_score(whole);
  if (shown_variant < variants.names.size()) {
    fs::path const home = folder / "variants" / variants.names[shown_variant];
    if (fs::exists(home / "metrics.json")) {
      RunContents variant = contents_of(home);
      if (score.empty()) score = main_score(variant);
      if (variants.best) shown.variant = std::move(variant);
    }
  }
  shown.sweep = sweep_table(whole, score);
  if (!shown.sweep) whole.missing.push_back("the scores of the variants: there is no sweep.csv");
  if (!shown.variant) {
    whole.missing.push_back(
        "scores, classes and images: the sweep has no best variant; name one (" +
        (folder / "variants/VARIANT").string() + ")");
  }
  return shown;
}

// Leaves out all evaluators but one.
void choose_evaluator(Shown& shown, std::string const& name) {
  if (name.empty()) return;
  std::vector<std::string> known;
  for (auto const& each : shown.scored().evaluators) known.push_back(each.stage);
  if (std::ranges::find(known, name) == known.end()) {
    throw UsageError(shown.scored().place.folder.string() + " has no evaluator \"" + name + "\"" +
                     suggestion(name, known));
  }
  for (RunContents* const contents : {&shown.whole, shown.variant ? &*shown.variant : nullptr}) {
    if (!contents) continue;
    std::erase_if(contents->evaluators, [&](auto const& each) { return each.stage != name; });
  }
}

std::uint64_t outcome(RunContents const& contents, char const* name) {
  auto const found = contents.outcomes.find(name);
  return found == contents.outcomes.end() ? 0 : found->second;
}

std::string samples_text(RunContents const& contents) {
  std::uint64_t const emitted = outcome(contents, "emitted");
  std::uint64_t const known = outcome(contents, "done") + outcome(contents, "skipped") +
                              outcome(contents, "failed");
  std::string text = counted(emitted > 0 ? emitted : known, "sample");
  for (char const* const name : {"skipped", "failed", "cancelled", "left_out"}) {
    std::uint64_t const count = outcome(contents, name);
    std::string const what = std::string(name) == "left_out" ? "left out" : name;
    if (count > 0) text += ", " + std::to_string(count) + " " + what;
  }
  return text;
}

// "demo: done, 49 variants, 1464 samples in 5.97 s"
std::string headline(RunContents const& contents) {
  auto const& record = contents.place.record;
  std::string const name = record ? record->name : contents.place.folder.filename().string();
  std::string text = name.empty() ? "run" : name;
  if (!contents.place.variant.empty()) text += ", variant " + contents.place.variant;
  std::string status = record ? record->status : "status unknown";
  if (status == "done_with_failures") status = "done with failed samples";
  text += ": " + status;
  if (contents.place.is_sweep) {
    std::size_t const variants = variants_in(*record).names.size();
    if (variants > 0) text += ", " + counted(variants, "variant");
  }
  text += ", " + samples_text(contents);
  if (!record) return text;
  Json const seconds = record->json.value("seconds", Json());
  if (seconds.is_number()) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " in %.2f s", seconds.get<double>());
    text += buffer;
  }
  return text;
}

void print_run_line(Page& page, RunContents const& contents) {
  page << without_controls(headline(contents)) << '\n';
  auto const& record = contents.place.record;
  if (!record) return;
  std::string const started = text_in(record->json, "started");
  std::string const version =
      text_in(record->json.value("versions", Json::object()), "seplflow");
  std::string origin = "seplflow " + version + (started.empty() ? "" : ", " + started);
  if (record->json.contains("merged")) {
    origin += ", merged from " + counted(record->json["merged"].size(), "run");
  }
  if (record->json.contains("shard")) {
    Json const shard = record->json["shard"];
    origin += ", shard " + shard.value("index", Json()).dump() + "/" +
              shard.value("count", Json()).dump();
  }
  if (!version.empty()) page << "  " << without_controls(origin) << '\n';
  std::string const cost = cost_text(record->json);
  if (!cost.empty()) page << "  " << without_controls(cost) << '\n';
  std::string const error = text_in(record->json, "error");
  if (!error.empty()) page << "  " << without_controls("error: " + error) << '\n';
}

void add_titled(Page& page, DataTable const& table) {
  if (table.rows.empty()) return;
  page << '\n';
  page.add(summary_of(table));
}

void print_failed_samples(Page& page, RunContents const& contents) {
  if (contents.failed_samples.empty()) return;
  page << "\nFailed samples:\n";
  for (auto const& failed : contents.failed_samples) {
    page << "  " << without_controls(failed.id + ", stage \"" + failed.stage + "\": " + failed.error)
         << '\n';
  }
  std::uint64_t const all = outcome(contents, "failed");
  if (all > contents.failed_samples.size()) {
    page << "  ... and " << all - contents.failed_samples.size()
         << " more; ledger.jsonl has all of them\n";
  }
}

Json warnings_in(RunContents const& contents) {
  if (!contents.place.record) return Json::array();
  Json const warnings = contents.place.record->json.value("warnings", Json::array());
  return warnings.is_array() ? warnings : Json::array();
}

void print_run_warnings(Page& page, RunContents const& contents) {
  Json const warnings = warnings_in(contents);
  if (warnings.empty()) return;
  page << "\nWarnings:\n";
  for (Json const& each : warnings) {
    if (!each.is_object()) continue;
    std::string text = text_in(each, "stage") + ": " + text_in(each, "what");
    if (each.value("samples", Json()).is_number()) {
      text += " (" + counted(each["samples"].get<std::uint64_t>(), "sample");
      std::string const first = text_in(each, "first");
      text += first.empty() ? ")" : ", the first is " + first + ")";
    }
    page << "  " << without_controls(text) << '\n';
  }
}

void print_missing(Page& page, Shown const& shown) {
  std::vector<std::string> missing = shown.whole.missing;
  if (shown.variant) {
    missing.insert(missing.end(), shown.variant->missing.begin(), shown.variant->missing.end());
  }
  if (missing.empty()) return;
  page << "\nNot shown:\n";
  for (std::string const& each : missing) page << "  " << without_controls(each) << '\n';
}

std::string ranking_text(ImageRanking const& ranking) {
  std::uint64_t const known = ranking.with_value.size();
  std::string text = "  " + counted(known, "image");
  if (ranking.is_gain) {
    text += ": " + std::to_string(ranking.improved) + " improved, " +
            std::to_string(ranking.harmed) + " harmed, " + std::to_string(ranking.equal) + " equal";
  }
  if (ranking.without_value > 0) {
    text += "; " + std::to_string(ranking.without_value) + " without a value are left out";
  }
  return text;
}

void print_ranking(Page& page, Shown const& shown, ImageRanking const& ranking, bool worst) {
  page << ranking_text(ranking) << '\n';
  auto const rows = worst ? ranking.worst(1) : ranking.best(1);
  if (rows.empty()) return;
  std::string const command = command_text({"seplflow", "explain", shown.whole.place.folder.string(),
                                            ranking.table.rows[rows.front()].front()});
  page << "\nWhy? " << without_controls(command) << '\n';
}

// The tables that the options ask for.
std::vector<DataTable> sections(ShowArguments const& arguments, Shown const& shown,
                                std::optional<ImageRanking> const& ranking) {
  std::vector<DataTable> tables;
  if (arguments.classes) tables = class_tables(shown.scored());
  auto const add = [&](std::optional<std::int64_t> count, bool worst) {
    if (!count) return;
    tables.push_back(
        image_table(shown.scored(), *ranking, static_cast<std::size_t>(*count), worst));
  };
  add(arguments.worst, true);
  add(arguments.best, false);
  return tables;
}

void require_classes(ShowArguments const& arguments, Shown const& shown) {
  if (!arguments.classes || !class_tables(shown.scored()).empty()) return;
  std::string text = "there are no scores by class in " + shown.scored().place.folder.string();
  for (std::string const& each : shown.whole.missing) text += "; it does not have " + each;
  throw UsageError(text);
}

void print_on_terminal(ShowArguments const& arguments, Shown const& shown,
                       std::optional<ImageRanking> const& ranking) {
  Page page(screen_of(STDOUT_FILENO));
  print_run_line(page, shown.whole);
  if (shown.sweep) {
    for (DataTable const& table : sweep_grids(*shown.sweep, kShownVariants)) add_titled(page, table);
  }
  if (shown.variant) {
    page << "\nThe best variant is " << without_controls(shown.variant->place.variant) << ".\n";
  }
  for (auto const& evaluator : shown.scored().evaluators) {
    add_titled(page, score_table(shown.scored(), evaluator));
  }
  add_titled(page, count_table(shown.scored()));
  for (DataTable const& table : sections(arguments, shown, ranking)) add_titled(page, table);
  if (ranking) print_ranking(page, shown, *ranking, arguments.worst.has_value());
  print_run_warnings(page, shown.whole);
  print_failed_samples(page, shown.whole);
  print_missing(page, shown);
  page.print(std::cout);
}

Json scores_json(RunContents const& contents) {
  Json list = Json::array();
  for (auto const& evaluator : contents.evaluators) {
    Json entry = {{"evaluator", evaluator.stage}, {"use", type_of(contents, evaluator.stage)}};
    entry["metrics"] = contents.run.metrics.value(evaluator.stage, Json::object());
    list.push_back(std::move(entry));
  }
  return list;
}

Json failures_json(RunContents const& contents) {
  Json list = Json::array();
  for (auto const& [id, stage, error] : contents.failed_samples) {
    list.push_back({{"id", id}, {"stage", stage}, {"error", error}});
  }
  return list;
}

Json sweep_json(SweepTable const& sweep) {
  Json axes = Json::array();
  for (auto const& [key, values] : sweep.axes) axes.push_back({{"key", key}, {"values", values}});
  Json json = {{"score", sweep.score}, {"axes", axes}, {"variants", json_of(sweep_rows(sweep))}};
  if (sweep.best) json["best"] = sweep.variants[*sweep.best].name;
  return json;
}

Json shown_json(ShowArguments const& arguments, Shown const& shown,
                std::optional<ImageRanking> const& ranking) {
  RunContents const &whole = shown.whole, &scored = shown.scored();
  Json json = {{"folder", whole.place.folder.string()},
               {"name", whole.place.record ? Json(whole.place.record->name) : Json()},
               {"status", whole.place.record ? Json(whole.place.record->status) : Json()},
               {"variant", scored.place.variant.empty() ? Json() : Json(scored.place.variant)},
               {"samples", whole.outcomes},
               {"scores", json_of(all_scores(scored))},
               {"counts", json_of(count_table(scored))},
               {"evaluators", scores_json(scored)}};
  if (shown.sweep) json["sweep"] = sweep_json(*shown.sweep);
  auto const add = [&](char const* name, std::optional<std::int64_t> count, bool worst) {
    if (!count) return;
    json[name] = json_of(image_table(scored, *ranking, static_cast<std::size_t>(*count), worst));
  };
  add("worst", arguments.worst, true);
  add("best", arguments.best, false);
  json["warnings"] = warnings_in(whole);
  json["failed_samples"] = failures_json(whole);
  json["not_shown"] = whole.missing;
  return json;
}

int show(ShowArguments const& arguments) {
  TableFormat const format = arguments.format.format();
  Shown shown = open(arguments.run);
  choose_evaluator(shown, arguments.evaluator);
  require_classes(arguments, shown);
  std::optional<ImageRanking> ranking;
  if (arguments.worst || arguments.best) ranking = rank_images(shown.scored(), arguments.by);
  if (!arguments.by.empty() && !ranking) throw UsageError("--by needs --worst or --best");
  if (format == TableFormat::terminal) {
    print_on_terminal(arguments, shown, ranking);
  } else if (format == TableFormat::json) {
    std::cout << json_text(shown_json(arguments, shown, ranking), 2) << '\n';
  } else if (arguments.has_section()) {
    print_tables(std::cout, sections(arguments, shown, ranking), format,
                 "choose one of --classes, --worst and --best, and one --evaluator");
  } else if (shown.sweep) {
    bool const is_csv = format == TableFormat::csv;
    auto const tables = is_csv ? std::vector{sweep_rows(*shown.sweep)}
                               : sweep_grids(*shown.sweep, kShownVariants);
    print_tables(std::cout, tables, format, "");
  } else {
    DataTable const scores = all_scores(shown.scored());
    if (scores.rows.empty()) {
      std::string text = arguments.run + " has no scores";
      for (std::string const& each : shown.whole.missing) text += "; it does not have " + each;
      throw UsageError(text);
    }
    print_tables(std::cout, {scores}, format, "");
  }
  return kDone;
}

}  // namespace

Json shown_run_json(fs::path const& folder) {
  return shown_json(ShowArguments{}, open(folder), std::nullopt);
}

Command show_command() {
  auto const arguments = std::make_shared<ShowArguments>();
  Command command{.name = "show",
                  .summary = "Show what is in a run: scores, classes, worst and best images",
                  .run = [arguments] { return show(*arguments); },
                  .examples =
                      "  seplflow show runs/demo\n"
                      "  seplflow show runs/demo --classes --latex\n"
                      "  seplflow show runs/demo --worst 5\n"};
  command
      .positional("RUN", "folder of a run, a sweep, or a variant of one (RUN/variants/NAME)",
                  arguments->run)
      .required = true;
  command.flag("--classes", "the scores of each class, before and after", arguments->classes);
  command.optional_count("--worst", "the N worst images: those with the least gain",
                         arguments->worst);
  command.optional_count("--best", "the N best images", arguments->best);
  command.option("--evaluator", "NAME", "only this evaluator of the pipeline",
                 arguments->evaluator);
  command.option("--by", "COLUMN",
                 "the column of the table of images that worst and best are by (default: the gain "
                 "in the main score)",
                 arguments->by);
  arguments->format.add_to(command, "a table");
  return command;
}

}  // namespace seplflow::cli
