#include <iostream>

#include "cli/commands.hpp"
#include "cli/log.hpp"
#include "cli/run_summary.hpp"
#include "compare/shards.hpp"
#include "pipeline/pipeline.hpp"
#include "run/run.hpp"
#include "run/run_folder.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct MergeArguments {
  std::string out;
  std::vector<std::string> runs;
  bool quiet = false;
  std::vector<std::string> command_line;
};

// One that was interrupted is done again.
bool is_unfinished_merge(fs::path const& folder) {
  auto const record = run_record_in(folder);
  return record && record->json.contains("merged") && record->status != "done" &&
         record->status != "done_with_failures";
}

int merge(MergeArguments const& arguments) {
  log_to_stderr(arguments.quiet ? "error" : "info", false);
  std::vector<fs::path> const runs(arguments.runs.begin(), arguments.runs.end());
  require_all_shards(runs);
  StageCatalog const catalog(default_plugin_places());
  PipelineRequest pipeline_request;
  pipeline_request.file = runs.front() / "pipeline.toml";
  pipeline_request.overrides.push_back({"run.shard=0/1"});
  pipeline_request.any_number_of_variants = true;
  Pipeline const pipeline = load_pipeline(pipeline_request, catalog);

  RunRequest request;
  request.out = arguments.out;
  request.command_line = arguments.command_line;
  request.shards = runs;
  request.resume = is_unfinished_merge(arguments.out);
  RunReport const report = execute(pipeline, catalog, request);
  if (!arguments.quiet) print_summary(std::cout, pipeline, report);
  return exit_status(report.status);
}

}  // namespace

void add_merge(CLI::App& app, Action& action, std::vector<std::string> command_line) {
  auto* const command = app.add_subcommand("merge", "Join the runs of all shards into one");
  auto const arguments = std::make_shared<MergeArguments>();
  arguments->command_line = std::move(command_line);
  command->add_option("OUT", arguments->out, "folder of the joined run")->required();
  command->add_option("RUN", arguments->runs, "folders of the runs, one for each shard")
      ->required();
  command->add_flag("--quiet", arguments->quiet, "print nothing but errors");
  command->footer(
      "\nExample:\n"
      "  seplflow run voc.toml --shard 0/2 --out runs/0\n"
      "  seplflow run voc.toml --shard 1/2 --out runs/1\n"
      "  seplflow merge runs/voc runs/0 runs/1");
  command->callback([&action, arguments] { action = [arguments] { return merge(*arguments); }; });
}

}  // namespace seplflow::cli
