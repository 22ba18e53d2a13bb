#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/run_summary.hpp"
#include "compare/shards.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "run/crash_report.hpp"
#include "run/folder_lock.hpp"
#include "run/interrupt.hpp"
#include "run/log.hpp"
#include "run/run.hpp"
#include "run/run_folder.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct MergeArguments {
  std::string out;
  std::vector<std::string> runs;
  std::string files = "copy";
  bool quiet = false, wait = false;
  std::vector<std::string> command_line;
};

// Whether OUT holds a merge that was interrupted, which is redone. Throws when it holds another
// run.
bool is_unfinished_merge(MergeArguments const& arguments) {
  auto const record = run_record_in(arguments.out);
  if (!record) return false;
  if (record->json.contains("merged") && !record->is_complete()) return true;
  std::string command = "seplflow merge OUT";
  // Whoever forgets OUT names a shard in its place.
  bool const is_shard = record->json.contains("shard");
  if (is_shard && !std::ranges::count(arguments.runs, arguments.out))
    command += " " + arguments.out;
  for (std::string const& run : arguments.runs) command += " " + run;
  throw RunFolderError(
      arguments.out + " already holds a run (status \"" + record->status +
      "\"), and merge overwrites none; its first argument is a new folder: " + command);
}

int merge(MergeArguments const& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // as in run
  std::optional<InterruptWatcher> until_run;
  until_run.emplace(CrashReport::end_interrupted, CrashReport::end_interrupted);
  log_to_stderr(arguments.quiet ? "error" : "info", false);
  if (arguments.wait) wait_until_unlocked(arguments.out);
  std::vector<fs::path> const runs(arguments.runs.begin(), arguments.runs.end());
  bool const is_unfinished = is_unfinished_merge(arguments);
  require_all_shards(runs);
  StageCatalog const catalog =
      default_catalog([](fs::path const& plugin) { log_warning(waiting_for(plugin)); });
  for (std::string const& warning : catalog.warnings()) log_warning(warning);
  PipelineRequest pipeline_request;
  pipeline_request.file = runs.front() / "pipeline.toml";
  pipeline_request.overrides.push_back({"run.shard=0/1"});
  pipeline_request.overrides.push_back("run.skip=" + resolved_text(left_out_of(runs)));
  pipeline_request.any_number_of_variants = true;
  Pipeline const pipeline = load_pipeline(pipeline_request, catalog);

  RunRequest request;
  request.out = arguments.out;
  request.command_line = arguments.command_line;
  request.shards = runs;
  request.files = *merged_files_choices().value_of(arguments.files);
  request.resume = is_unfinished;
  until_run.reset();
  RunReport const report = execute(pipeline, catalog, request);
  if (!arguments.quiet) {
    print_summary(pipeline, report);
    if (!report.cost.empty()) std::cout << "\nThe shards took " << report.cost << ".\n";
  }
  return exit_status(report.status);
}

}  // namespace

Command merge_command(std::vector<std::string> words) {
  auto const arguments = std::make_shared<MergeArguments>();
  arguments->command_line = std::move(words);
  Command command{.name = "merge",
                  .summary = "Merge the runs of all shards into one run",
                  .run = [arguments] { return merge(*arguments); },
                  .examples =
                      "  seplflow run voc.toml --shard 0/2 --out runs/0\n"
                      "  seplflow run voc.toml --shard 1/2 --out runs/1\n"
                      "  seplflow merge runs/voc runs/0 runs/1\n"};
  command.handles_interrupts = true;
  command.positional("OUT", "folder of the merged run", arguments->out).required = true;
  command.positional("RUN", "folders of the runs, one for each shard", arguments->runs).required =
      true;
  command.choice("--files", {"copy", "link", "move"},
                 "how the files of the runs get into OUT: as copies (default), as hard links, so "
                 "that they are not there twice, or by moving them, so that the runs lose them",
                 arguments->files);
  command.flag("--wait", "wait until another run that writes OUT has ended", arguments->wait);
  command.flag("--quiet", "print only errors", arguments->quiet);
  return command;
}

}  // namespace seplflow::cli
