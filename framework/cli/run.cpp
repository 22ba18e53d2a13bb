#include "run/run.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/log.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/run_summary.hpp"
#include "run/log.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  PipelineArguments pipeline;
  std::optional<std::string> out;
  std::optional<std::int64_t> jobs, limit;
  std::string on_error;
  std::string progress = "auto";
  std::string trace;
  std::string log_level = "info";
  std::string keep;
  std::optional<std::string> shard;
  bool resume = false;
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
  command.add_flag("--resume", arguments.resume,
                   "complete the run in the folder, or change it: only what is missing, or made of "
                   "other options or files, is done again");
  command.add_option("--shard", arguments.shard,
                     "I/N: only every Nth sample, beginning with the Ith (from 0); \"seplflow "
                     "merge\" joins the runs");
  command
      .add_option("--keep", arguments.keep,
                  "in a sweep, which variants' files are written: all, best or none (default: all "
                  "of up to 8 variants, none of more)")
      ->check(CLI::IsMember({"all", "best", "none"}));
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

std::string log_level(RunArguments const& arguments) {
  return arguments.quiet && arguments.log_level != "off" ? "error" : arguments.log_level;
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
  if (!arguments.keep.empty()) set("run.keep=" + arguments.keep);
  if (arguments.shard) set("run.shard=" + *arguments.shard);
  return request;
}

int run(RunArguments const& arguments) {
  // Losing the reader of the log is no reason to lose the run.
  std::signal(SIGPIPE, SIG_IGN);
  ProgressMode const progress = progress_mode(arguments);
  log_to_stderr(log_level(arguments), progress == ProgressMode::bar);
  StageCatalog const catalog(default_plugin_places());
  for (auto const& plugin : catalog.plugins()) {
    log_debug("plugin " + plugin.file.string() + ": " + counted(plugin.stages.size(), "stage"));
  }
  for (auto const& rejected : catalog.rejected()) {
    log_warning("plugin " + rejected.file.string() + " is rejected: " + rejected.reason);
  }
  Pipeline const pipeline = load_pipeline(pipeline_request(arguments), catalog);
  for (Problem const& warning : pipeline.warnings) log_warning(warning.message);

  RunRequest request;
  if (arguments.out && arguments.out->empty()) throw UsageError("--out names no folder");
  request.out = arguments.out ? fs::path(*arguments.out) : fs::path("runs") / pipeline.name;
  request.command_line = arguments.command_line;
  if (!arguments.trace.empty()) request.trace = arguments.trace;
  request.progress = progress;
  request.resume = arguments.resume;
  RunReport const report = execute(pipeline, catalog, request);
  if (!arguments.quiet) print_summary(std::cout, pipeline, report);
  return exit_status(report.status);
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
