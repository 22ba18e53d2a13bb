#include "run/run.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/run_summary.hpp"
#include "compare/shard_states.hpp"
#include "run/crash_report.hpp"
#include "run/folder_lock.hpp"
#include "run/interrupt.hpp"
#include "run/log.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  PipelineArguments pipeline;
  std::string out;
  std::string progress = "auto";
  std::string trace;
  std::string log_level = "info";
  bool resume = false, overwrite = false, remove_unlisted = false, wait = false;
  bool quiet = false;
  std::vector<std::string> command_line;
};

ProgressMode progress_mode(RunArguments const& arguments) {
  if (arguments.quiet || arguments.progress == "none") return ProgressMode::none;
  if (arguments.progress == "bar") return ProgressMode::bar;
  if (arguments.progress == "plain") return ProgressMode::plain;
  return ::isatty(STDERR_FILENO) != 0 ? ProgressMode::bar : ProgressMode::plain;
}

int run(RunArguments const& arguments) {
  if (arguments.resume && arguments.overwrite) {
    throw UsageError(
        "--resume continues the run in the folder, and --overwrite removes it; "
        "choose one of them");
  }
  if (arguments.remove_unlisted && !arguments.resume) {
    throw UsageError("--remove-unlisted is for --resume");
  }
  // Nothing is lost yet when the user interrupts before the run begins.
  std::optional<InterruptWatcher> until_run;
  until_run.emplace(CrashReport::end_interrupted, CrashReport::end_interrupted);
  std::optional<CrashReport> crash_until_run(std::in_place);
  // Losing the reader of the log is no reason to lose the run.
  std::signal(SIGPIPE, SIG_IGN);
  ProgressMode const progress = progress_mode(arguments);
  bool const only_errors = arguments.quiet && arguments.log_level != "off";
  log_to_stderr(only_errors ? "error" : arguments.log_level, progress == ProgressMode::bar);
  StageCatalog const catalog =
      default_catalog([](fs::path const& plugin) { log_warning(waiting_for(plugin)); });
  for (std::string const& warning : catalog.warnings()) log_warning(warning);
  for (auto const& plugin : catalog.plugins()) {
    log_debug("plugin " + plugin.file.string() + ": " + counted(plugin.stages.size(), "stage"));
  }
  for (auto const& rejected : catalog.rejected()) {
    if (rejected.is_other) continue;
    log_warning("plugin " + rejected.file.string() + " is rejected: " + rejected.reason);
  }
  Pipeline const pipeline = load_pipeline(arguments.pipeline.request(), catalog);
  for (Problem const& warning : pipeline.warnings) log_warning(warning.message);

  RunRequest request;
  request.out = arguments.out.empty() ? default_run_folder(pipeline) : fs::path(arguments.out);
  bool const is_numbered = !pipeline.run.shard_from.empty();
  if (arguments.out.empty() && is_numbered) {
    request.out = shard_folder(request.out, pipeline.run.shard);
  }
  request.command_line = arguments.command_line;
  if (!arguments.trace.empty()) request.trace = arguments.trace;
  request.progress = progress;
  request.resume = arguments.resume;
  request.overwrite = arguments.overwrite;
  request.remove_unlisted = arguments.remove_unlisted;
  if (arguments.wait) wait_until_unlocked(request.out);
  crash_until_run.reset();
  until_run.reset();
  RunReport const report = execute(pipeline, catalog, request);
  if (!arguments.quiet) print_summary(pipeline, report);
  return exit_status(report.status);
}

}  // namespace

Command run_command(std::vector<std::string> words) {
  auto const arguments = std::make_shared<RunArguments>();
  arguments->command_line = std::move(words);
  Command command{.name = "run",
                  .summary = "Run a pipeline into a run folder",
                  .run = [arguments] { return run(*arguments); },
                  .examples =
                      "  seplflow run pipelines/demo.toml\n"
                      "  seplflow run voc.toml --set select.t1=0.4 --out runs/t1-0.4\n"
                      "  seplflow run voc.toml --limit 20 --on-error skip\n"};
  command.handles_interrupts = true;
  arguments->pipeline.add_to(command);
  command.option("--out", "FOLDER", "run folder (default runs/NAME)", arguments->out);
  command.flag("--resume",
               "complete the run in the folder, or change it: only what is missing or has changed "
               "is redone",
               arguments->resume);
  command.flag("--overwrite",
               "remove the run in the folder first: all that it wrote, and nothing else",
               arguments->overwrite);
  command.flag("--remove-unlisted",
               "with --resume: remove the results of samples that the data set no longer has",
               arguments->remove_unlisted);
  command.flag("--wait", "wait until another run that writes the folder has ended", arguments->wait);
  for (char const* const option :
       {"jobs", "limit", "shard", "skip", "keep", "on_error", "slow_after"}) {
    arguments->pipeline.add_run_option(command, option);
  }
  command.choice("--progress", {"auto", "bar", "plain", "none"},
                 "how to show progress (default auto: a bar on a terminal, else plain lines)",
                 arguments->progress);
  command.option("--trace", "FILE",
                 "write which stage worked on which sample and when, for Perfetto or "
                 "chrome://tracing, to a new file",
                 arguments->trace);
  command.flag("--quiet", "print only errors", arguments->quiet);
  command.choice("--log-level", {"debug", "info", "warning", "error", "off"},
                 "least level of messages on stderr (default info)", arguments->log_level);
  return command;
}

}  // namespace seplflow::cli
