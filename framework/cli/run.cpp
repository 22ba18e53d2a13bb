#include "run/run.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <map>

#include "cli/commands.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/table.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  PipelineArguments pipeline;
  std::string out;
  std::optional<std::int64_t> jobs, limit;
  std::string on_error;
  std::string progress = "auto";
  std::string trace;
  std::string log_level = "info";
  bool quiet = false;
  std::vector<std::string> command_line;
};

void describe(CLI::App& command, RunArguments& arguments) {
  arguments.pipeline.add_to(command);
  command.add_option("--out", arguments.out,
                     "folder of the run (default runs/NAME); a run is never written over");
  command
      .add_option("--jobs", arguments.jobs,
                  "threads that work on samples (default, and 0: all cores)")
      ->check(CLI::Range(0, 4096));
  command.add_option("--limit", arguments.limit, "only the first N samples")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000'000'000}));
  command
      .add_option("--on-error", arguments.on_error,
                  "when a sample fails: stop the run, or skip the sample (default: the pipeline's)")
      ->check(CLI::IsMember({"stop", "skip"}));
  command
      .add_option("--progress", arguments.progress,
                  "auto (default: a bar on a terminal, else plain), bar, plain or none")
      ->check(CLI::IsMember({"auto", "bar", "plain", "none"}));
  command.add_option("--trace", arguments.trace,
                     "write who worked on what and when, for Perfetto or chrome://tracing");
  command.add_flag("--quiet", arguments.quiet, "print nothing but errors");
  command
      .add_option("--log-level", arguments.log_level,
                  "debug, info (default), warning, error or off; the log goes to stderr")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
}

std::shared_ptr<spdlog::logger> make_log(RunArguments const& arguments) {
  auto log = std::make_shared<spdlog::logger>("seplflow",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%l: %v");
  auto const level = spdlog::level::from_str(arguments.log_level);
  log->set_level(arguments.quiet ? std::max(level, spdlog::level::err) : level);
  return log;
}

ProgressMode progress_mode(RunArguments const& arguments) {
  if (arguments.quiet || arguments.progress == "none") return ProgressMode::none;
  if (arguments.progress == "bar") return ProgressMode::bar;
  if (arguments.progress == "plain") return ProgressMode::plain;
  return ::isatty(STDERR_FILENO) != 0 ? ProgressMode::bar : ProgressMode::plain;
}

PipelineRequest pipeline_request(RunArguments const& arguments) {
  PipelineRequest request = arguments.pipeline.request();
  auto const set = [&](std::string const& argument) { request.overrides.push_back({argument}); };
  if (arguments.jobs) set("run.jobs=" + std::to_string(*arguments.jobs));
  if (arguments.limit) set("run.limit=" + std::to_string(*arguments.limit));
  if (!arguments.on_error.empty()) set("run.on_error=" + arguments.on_error);
  return request;
}

SummaryTable stage_table(Pipeline const& pipeline, RunTotals const& totals) {
  SummaryTable table{"", {"stage", "in", "out", "skipped", "failed", "seconds"}, {}};
  bool const any_cancelled = totals.cancelled > 0;
  if (any_cancelled) table.columns.insert(table.columns.end() - 1, "cancelled");
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    StageCounts const& counts = totals.stages[i];
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f", counts.seconds);
    std::vector<std::string> row = {
        pipeline.stages[i].name + " (" + pipeline.stages[i].declaration->name + ")",
        std::to_string(counts.in), std::to_string(counts.out), std::to_string(counts.skipped),
        std::to_string(counts.failed)};
    if (any_cancelled) row.push_back(std::to_string(counts.cancelled));
    row.emplace_back(seconds);
    table.rows.push_back(std::move(row));
  }
  return table;
}

void print_headline(std::ostream& out, Pipeline const& pipeline, RunReport const& report) {
  RunTotals const& totals = report.totals;
  char rate[64];
  std::snprintf(rate, sizeof rate, "%.2f s (%.0f/s)", report.seconds,
                report.seconds > 0 ? static_cast<double>(totals.retired()) / report.seconds : 0.0);
  out << pipeline.name << ": " << to_string(report.status) << ", ";
  if (report.expected && *report.expected != totals.emitted) {
    out << totals.emitted << " of " << counted(*report.expected, "sample");
  } else {
    out << counted(totals.emitted, "sample");
  }
  out << " in " << rate;
  if (totals.skipped > 0) out << ", " << totals.skipped << " skipped";
  if (totals.failed > 0) out << ", " << totals.failed << " failed";
  out << "\n\n";
}

void print_failures(std::ostream& out, RunReport const& report) {
  if (report.failed_samples.empty()) return;
  out << "\nFailed samples:\n";
  for (FailedSample const& failed : report.failed_samples) {
    out << "  " << failed.id << ", stage \"" << failed.stage << "\": " << failed.error << '\n';
  }
  if (report.totals.failed > report.failed_samples.size()) {
    out << "  ... and " << report.totals.failed - report.failed_samples.size()
        << " more, all in ledger.jsonl\n";
  }
}

void print_files(std::ostream& out, Pipeline const& pipeline, RunReport const& report) {
  out << "\nIn " << report.folder.string() << ":\n";
  for (PipelineStage const& stage : pipeline.stages) {
    if (stage.declaration->kind == StageKind::sink) {
      out << "  " << stage.name << "/ (files of " << stage.declaration->name << ")\n";
    }
  }
  if (report.totals.end != RunEnd::complete) {
    out << "  no scores: they are written only over all samples\n";
  } else {
    out << "  metrics.json";
    for (PipelineStage const& stage : pipeline.stages) {
      if (!stage.columns.empty()) out << ", " << stage.name << ".csv";
    }
    out << '\n';
  }
  out << "  ledger.jsonl, run.json, pipeline.toml\n";
}

void print_summary(std::ostream& out, Pipeline const& pipeline, RunReport const& report) {
  print_headline(out, pipeline, report);
  print_table(out, stage_table(pipeline, report.totals));
  for (auto const& [stage, findings] : report.findings) {
    for (SummaryTable const& table : findings.summary) {
      out << '\n';
      SummaryTable titled = table;
      titled.title = stage + ": " + table.title;
      print_table(out, titled);
    }
  }
  // A run that stopped has given its reason on stderr; once is enough.
  if (report.status != RunStatus::failed) print_failures(out, report);
  print_files(out, pipeline, report);
}

int run(RunArguments const& arguments) {
  // Losing the reader of the log is no reason to lose the run.
  std::signal(SIGPIPE, SIG_IGN);
  auto const log = make_log(arguments);
  StageCatalog const catalog(default_plugin_places());
  for (auto const& plugin : catalog.plugins()) {
    log->debug("plugin {}: {} stages", plugin.file.string(), plugin.stages.size());
  }
  for (auto const& rejected : catalog.rejected()) {
    log->warn("plugin {} is rejected: {}", rejected.file.string(), rejected.reason);
  }
  Pipeline const pipeline = load_pipeline(pipeline_request(arguments), catalog);

  RunRequest request;
  request.out = arguments.out.empty() ? fs::path("runs") / pipeline.name : fs::path(arguments.out);
  request.command_line = arguments.command_line;
  if (!arguments.trace.empty()) request.trace = arguments.trace;
  request.progress = progress_mode(arguments);
  request.on_interrupt = [&log, bar = request.progress == ProgressMode::bar] {
    if (bar) std::cerr << "\r\x1b[K";
    log->warn("interrupted: finishing the samples in flight (once more ends at once)");
  };
  request.on_start = [&] {
    log->info("running \"{}\" into {}", pipeline.name, request.out.string());
  };
  RunReport const report = execute(pipeline, catalog, request);
  if (!report.totals.error.empty()) log->error("{}", report.totals.error);
  if (!arguments.quiet) print_summary(std::cout, pipeline, report);
  switch (report.status) {
    case RunStatus::done:
      return kDone;
    case RunStatus::interrupted:
      return kInterrupted;
    default:
      return kFailed;
  }
}

}  // namespace

void add_run(CLI::App& app, Action& action, std::vector<std::string> command_line) {
  auto* const command = app.add_subcommand("run", "Run a pipeline into a run folder");
  auto const arguments = std::make_shared<RunArguments>();
  arguments->command_line = std::move(command_line);
  describe(*command, *arguments);
  command->footer(
      "\nExamples:\n"
      "  seplflow run pipelines/demo.toml\n"
      "  seplflow run voc.toml --set select.t1=0.4 --out runs/t1-0.4\n"
      "  seplflow run voc.toml --limit 20 --on-error skip --trace trace.json");
  command->callback([&action, arguments] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace seplflow::cli
