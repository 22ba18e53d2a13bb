#include "cli/run_summary.hpp"

#include <unistd.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/sweep_summary.hpp"
#include "cli/table.hpp"
#include "run/class_table.hpp"
#include "run/progress.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeftOutShown = 10;

void add(StageCounts& sum, StageCounts const& counts) {
  sum.in += counts.in;
  sum.out += counts.out;
  sum.skipped += counts.skipped;
  sum.failed += counts.failed;
  sum.cancelled += counts.cancelled;
  sum.recalled += counts.recalled;
  sum.seconds += counts.seconds;
}

// A row for each stage of the file, whatever the number of its variants.
SummaryTable stage_table(Pipeline const& pipeline, RunTotals const& totals) {
  struct Row {
    std::string name;
    std::size_t nodes = 0;
    StageCounts counts;
  };
  std::vector<Row> rows;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    PipelineStage const& stage = pipeline.stages[i];
    // A sink whose files are not kept does not run.
    if (totals.stages[i].in == 0 && totals.done > 0) continue;
    std::string const name = stage.name + " (" + stage.declaration->name + ")";
    auto row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end()) row = rows.insert(rows.end(), {name, 0, {}});
    ++row->nodes;
    add(row->counts, totals.stages[i]);
  }
  SummaryTable table{"", {"stage"}, {}};
  auto const column = [&](bool shown, std::string name, auto const& value) {
    if (!shown) return;
    table.columns.push_back(std::move(name));
    for (std::size_t i = 0; i < rows.size(); ++i) table.rows[i].push_back(value(rows[i]));
  };
  auto const count = [&](bool shown, std::string name, std::uint64_t StageCounts::*member) {
    column(shown, std::move(name),
           [&](Row const& row) { return std::to_string(row.counts.*member); });
  };
  for (Row const& row : rows) table.rows.push_back({row.name});
  auto const any = [&](std::uint64_t StageCounts::*member) {
    return std::ranges::any_of(rows, [&](Row const& row) { return row.counts.*member > 0; });
  };
  column(pipeline.sweeps(), "settings", [](Row const& row) { return std::to_string(row.nodes); });
  count(true, "in", &StageCounts::in);
  count(true, "out", &StageCounts::out);
  count(true, "skipped", &StageCounts::skipped);
  count(true, "failed", &StageCounts::failed);
  count(any(&StageCounts::cancelled), "cancelled", &StageCounts::cancelled);
  count(any(&StageCounts::recalled), "reused", &StageCounts::recalled);
  column(true, "seconds", [](Row const& row) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f", row.counts.seconds);
    return std::string(seconds);
  });
  return table;
}

// What stages counted; in a sweep those that serve all variants.
SummaryTable tally_table(Pipeline const& pipeline, RunTotals const& totals) {
  SummaryTable table{"counted", {"", "total", "per sample", "samples without"}, {}};
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    if (!pipeline.serves_all(pipeline.stages[s])) continue;
    for (Tally const& tally : totals.stages[s].tallies) {
      std::string what = tally.what;
      std::ranges::replace(what, '_', ' ');
      char mean[32];
      std::snprintf(mean, sizeof mean, "%.2f", tally.per_sample());
      // A file is there or not, so the total says it all.
      bool const is_of_files = tally.what.starts_with("missing_");
      table.rows.push_back({pipeline.stages[s].name + ": " + what, std::to_string(tally.total),
                            is_of_files ? "" : mean,
                            is_of_files ? "" : std::to_string(tally.samples_without)});
    }
  }
  return table;
}

void print_headline(Page& page, Pipeline const& pipeline, RunReport const& report) {
  RunTotals const& totals = report.totals;
  char seconds[64];
  std::snprintf(seconds, sizeof seconds, "%.2f s", report.seconds);
  std::uint64_t const worked = totals.retired() - totals.recalled;
  double const rate = report.seconds > 0 ? static_cast<double>(worked) / report.seconds : 0;
  bool const has_failures = report.status == RunStatus::done_with_failures;
  page << pipeline.name << ": "
       << (has_failures ? "done with failed samples" : to_string(report.status)) << ", ";
  if (pipeline.sweeps()) page << counted(pipeline.variants.size(), "variant") << ", ";
  page << report.samples_text() << " in " << seconds;
  if (worked > 0) page << " (" << rate_text(rate) << ")";
  if (totals.recalled > 0) page << ", " << totals.recalled << " reused";
  if (totals.skipped > 0) page << ", " << totals.skipped << " skipped";
  if (!totals.left_out.empty()) page << ", " << totals.left_out.size() << " left out";
  if (totals.failed > 0) page << ", " << totals.failed << " failed";
  if (totals.failed > 0 && pipeline.sweeps()) page << " in some variant";
  page << "\n\n";
}

using Number = Published::Number;
using Found = std::vector<std::optional<double>>;  // by variant

std::string source_of(Pipeline const& pipeline) {
  std::string const& source = pipeline.published.source;
  return source.empty() ? "published numbers" : source;
}

std::string here_and_published(std::optional<double> found, std::optional<double> published) {
  std::string const here = found ? percent(*found) : "-";
  return published ? here + " (" + percent(*published / 100) + ")" : here;
}

SummaryTable of_one(Pipeline const& pipeline, std::vector<Found> const& found) {
  SummaryTable table{
      "percent, beside " + source_of(pipeline), {"", "here", "published", "difference"}, {}};
  for (std::size_t n = 0; n < found.size(); ++n) {
    Number const& number = pipeline.published.numbers[n];
    auto const here = found[n].front();
    auto const published = number.percent.front();
    table.rows.push_back({number.name, here ? percent(*here) : "-",
                          published ? percent(*published / 100) : "-",
                          here && published ? percent(*here - *published / 100, true) : "-"});
  }
  return table;
}

// Nothing if any of them is missing.
std::optional<double> mean(Found const& values) {
  double sum = 0;
  for (auto const& value : values) {
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(values.size());
}

// A row for each variant and one for their mean, a column for each number.
SummaryTable of_many(Pipeline const& pipeline, std::vector<Found> const& found) {
  SummaryTable table{"percent, here (" + source_of(pipeline) + ")", {"variant"}, {}};
  for (Number const& number : pipeline.published.numbers) table.columns.push_back(number.name);
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    std::vector<std::string> row = {pipeline.variants[v].name};
    for (std::size_t n = 0; n < found.size(); ++n) {
      row.push_back(here_and_published(found[n][v], pipeline.published.numbers[n].percent[v]));
    }
    table.rows.push_back(std::move(row));
  }
  table.rows.push_back({"mean"});
  for (std::size_t n = 0; n < found.size(); ++n) {
    table.rows.back().push_back(
        here_and_published(mean(found[n]), mean(pipeline.published.numbers[n].percent)));
  }
  return table;
}

// A name that is misspelt looks like a number without a value otherwise.
void print_unknown_numbers(Page& page, Pipeline const& pipeline, RunReport const& report) {
  for (std::size_t n = 0; n < report.beside_published.size(); ++n) {
    auto const& found = report.beside_published[n];
    if (std::ranges::any_of(found, [](auto const& value) { return value.has_value(); })) continue;
    page << "[published]: metrics.json has no value for \"" << pipeline.published.numbers[n].name
         << "\"; is it misspelt?\n";
  }
}

// None if the pipeline has no [published], or the run has no scores.
std::vector<SummaryTable> published_tables(Pipeline const& pipeline, RunReport const& report) {
  auto const& found = report.beside_published;
  if (found.empty()) return {};
  if (!pipeline.sweeps()) return {of_one(pipeline, found)};
  if (!pipeline.is_grid()) return {of_many(pipeline, found)};
  std::vector<SummaryTable> tables;
  for (std::size_t n = 0; n < found.size(); ++n) {
    Number const& number = pipeline.published.numbers[n];
    tables.push_back(
        grid(pipeline, number.name + ", percent, here (" + source_of(pipeline) + ")",
             [&](std::size_t v) { return here_and_published(found[n][v], number.percent[v]); }));
  }
  return tables;
}

void print_failures(Page& page, RunReport const& report) {
  if (report.failed_samples.empty()) return;
  page << "\nFailed samples:\n";
  for (FailedSample const& failed : report.failed_samples) {
    page << "  " << without_controls(failed.id) << ", stage " << failed.stage << ": "
         << failed.error << '\n';
  }
  if (report.totals.failed > report.failed_samples.size()) {
    page << "  ... and " << report.totals.failed - report.failed_samples.size()
         << " more; ledger.jsonl has all of them\n";
  }
}

void print_left_out(Page& page, RunReport const& report) {
  auto const& ids = report.totals.left_out;
  if (ids.empty()) return;
  page << "\nLeft out by skip:\n";
  std::size_t const shown = std::min(ids.size(), kLeftOutShown);
  for (std::size_t i = 0; i < shown; ++i) page << "  " << without_controls(ids[i]) << '\n';
  if (ids.size() > shown) {
    page << "  ... and " << ids.size() - shown << " more; run.json has all of them\n";
  }
}

void print_warnings(Page& page, RunReport const& report) {
  if (report.warnings.empty()) return;
  page << "\nWarnings:\n";
  for (WarningCount const& warning : report.warnings)
    page << "  " << without_controls(warning.text()) << '\n';
}

// Names a run folder's files in one line, those that exist.
void print_existing(Page& page, fs::path const& folder, std::string const& start,
                    std::vector<std::string> const& names) {
  std::string text;
  for (std::string const& name : names) {
    if (fs::exists(folder / name)) text += (text.empty() ? "" : ", ") + name;
  }
  if (!text.empty()) page << "  " << start << text << '\n';
}

void print_variant_files(Page& page, Pipeline const& pipeline, RunReport const& report) {
  std::set<std::string> known;
  std::vector<std::string> files = {"metrics.json"}, sinks;
  for (PipelineStage const& stage : pipeline.stages) {
    if (pipeline.serves_all(stage) || !known.insert(stage.name).second) continue;
    if (stage.declaration->kind == StageKind::observer) {
      files.insert(files.end(), {stage.name + ".csv", class_table_of(stage.name)});
    }
    if (stage.declaration->kind == StageKind::sink) sinks.push_back(stage.name + "/");
  }
  files.push_back("pipeline.toml");
  fs::path const variants = report.folder / "variants";
  print_existing(page, variants / pipeline.variants.front().name,
                 "sweep.csv; in variants/VARIANT: ", files);
  if (sinks.empty()) return;
  if (report.keep == Keep::none) {
    page << "  no files of";
    for (std::string const& sink : sinks) page << ' ' << sink;
    page << " in any variant" << (pipeline.run.keep ? "" : ", because there are many")
         << " (--keep best or all)\n";
  } else {
    std::size_t const shown = report.keep == Keep::best ? report.best.value_or(0) : 0;
    std::string const& name = pipeline.variants[shown].name;
    print_existing(page, variants / name,
                   "in variants/" + (report.keep == Keep::best ? name : "VARIANT") + ": ", sinks);
  }
}

void print_files(Page& page, Pipeline const& pipeline, RunReport const& report) {
  page << "\nIn " << report.folder.string() << ":\n";
  std::vector<std::string> scores = {"metrics.json"};
  for (PipelineStage const& stage : pipeline.stages) {
    if (!pipeline.serves_all(stage)) continue;
    StageDeclaration const& declaration = *stage.declaration;
    if (declaration.kind == StageKind::sink && fs::exists(report.folder / stage.name)) {
      page << "  " << stage.name << "/ (files of " << declaration.name << ")\n";
    }
    if (stage.declaration->kind == StageKind::observer) {
      scores.insert(scores.end(), {stage.name + ".csv", class_table_of(stage.name)});
    }
  }
  if (!report.scored) {
    page << "  no scores yet: they need all samples (--resume continues the run)\n";
  } else {
    print_existing(page, report.folder, "", scores);
    if (pipeline.sweeps()) print_variant_files(page, pipeline, report);
  }
  print_existing(page, report.folder, "", {"ledger.jsonl", "log.txt", "run.json", "pipeline.toml"});
}

}  // namespace

void print_summary(Pipeline const& pipeline, RunReport const& report) {
  Page page(screen_of(STDOUT_FILENO));
  print_headline(page, pipeline, report);
  page.add(stage_table(pipeline, report.totals));
  if (SummaryTable const counts = tally_table(pipeline, report.totals); !counts.rows.empty()) {
    page << '\n';
    page.add(counts);
  }
  for (auto const& [stage, findings] : report.findings) {
    for (SummaryTable const& table : findings.summary) {
      page << '\n';
      SummaryTable titled = table;
      titled.title = stage + ": " + table.title;
      page.add(titled);
    }
  }
  if (pipeline.sweeps()) print_sweep(page, pipeline, report);
  for (SummaryTable const& table : published_tables(pipeline, report)) {
    page << '\n';
    page.add(table);
  }
  print_unknown_numbers(page, pipeline, report);
  print_left_out(page, report);
  if (!report.other_samples.empty()) {
    page << "The published numbers are not over the same samples: " << report.other_samples << '\n';
  }
  print_warnings(page, report);
  // The reason why a run stopped is already on stderr.
  if (report.status != RunStatus::failed) print_failures(page, report);
  print_files(page, pipeline, report);
  page.print(std::cout);
}

int exit_status(RunStatus status) {
  if (status == RunStatus::done) return kDone;
  return status == RunStatus::interrupted ? kInterrupted : kFailed;
}

}  // namespace seplflow::cli
