#include <iostream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/pipeline_arguments.hpp"
#include "pipeline/open_samples.hpp"
#include "run/crash_report.hpp"
#include "run/inputs_outside.hpp"
#include "run/run.hpp"

namespace seplflow::cli {
namespace {

// "5 stages", or of a sweep "49 variants, 149 stages instead of 245".
std::string size_text(Pipeline const& pipeline) {
  std::size_t unshared = 0;
  for (Variant const& variant : pipeline.variants) unshared += variant.stages.size();
  std::string text = counted(pipeline.stages.size(), "stage");
  if (unshared > pipeline.stages.size()) text += " instead of " + std::to_string(unshared);
  return pipeline.sweeps() ? counted(pipeline.variants.size(), "variant") + ", " + text : text;
}

int check(PipelineArguments const& arguments, bool quick) {
  CrashReport const report;
  StageCatalog const catalog = catalog_with_warnings();
  PipelineRequest request = arguments.request();
  request.look_for_files = true;
  Pipeline const pipeline = load_pipeline(request, catalog);
  auto const chosen = expected_samples(pipeline);
  require_inputs_outside(pipeline, default_run_folder(pipeline));
  for (Problem const& warning : pipeline.warnings) print_warning(warning);
  bool const are_all = chosen && *chosen == pipeline.some_samples.size();
  OpenedSamples const opened = quick ? OpenedSamples() : open_samples(pipeline, are_all);
  for (Problem const& warning : opened.warnings) print_warning(warning);
  if (!opened.errors.empty()) {
    print_errors(opened.errors);
    return kFailed;
  }
  std::cout << arguments.file << ": OK: pipeline \"" << pipeline.name << "\", "
            << size_text(pipeline);
  if (chosen) {
    PipelineStage const& source = pipeline.source();
    std::cout << ", " << (*chosen < *source.count ? std::to_string(*chosen) + " of " : "")
              << counted(*source.count, "sample") << " in \"" << source.name << "\"";
    if (*chosen > *source.count) std::cout << ", " << *chosen << " with repetitions";
  }
  std::cout << '\n';
  return opened.any_failed ? kFailed : kDone;
}

}  // namespace

Command check_command() {
  auto const arguments = std::make_shared<PipelineArguments>();
  auto const quick = std::make_shared<bool>(false);
  Command command{.name = "check",
                  .summary = "Find every error in a pipeline without running it",
                  .run = [arguments, quick] { return check(*arguments, *quick); }};
  arguments->add_to(command);
  for (char const* const option : {"limit", "shard", "skip"})
    arguments->add_run_option(command, option);
  command.flag("--quick", "do not open any sample", *quick);
  return command;
}

}  // namespace seplflow::cli
