#include <iostream>

#include "cli/commands.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/table.hpp"
#include "data/number_text.hpp"
#include "run/missing_files.hpp"

namespace seplflow::cli {
namespace {

// Tells which samples will fail; whether the pipeline does not expect that of any.
bool print_missing_files(Pipeline const& pipeline) {
  bool unexpected = false;
  for (MissingFiles const& missing : missing_files(pipeline)) {
    PipelineStage const& stage = pipeline.stages[missing.stage];
    bool const skipped = pipeline.on_error(stage) == OnError::skip;
    std::cerr << to_string({stage.place, missing.text(pipeline)}, skipped ? "warning" : "error")
              << '\n';
    unexpected = unexpected || !skipped;
  }
  return unexpected;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto* const command = app.add_subcommand(
      "check", "Find every mistake in a pipeline without running it (exit status 2 if any)");
  auto const arguments = std::make_shared<PipelineArguments>();
  arguments->add_to(*command);
  command->footer("");
  command->callback([&action, arguments] {
    action = [arguments] {
      StageCatalog const catalog(default_plugin_places());
      Pipeline const pipeline = load_pipeline(arguments->request(), catalog);
      for (Problem const& warning : pipeline.warnings) {
        std::cerr << to_string(warning, "warning") << '\n';
      }
      if (print_missing_files(pipeline)) return kUsage;
      std::cout << arguments->file << ": no mistakes: pipeline \"" << pipeline.name << "\", ";
      if (pipeline.sweeps()) std::cout << counted(pipeline.variants.size(), "variant") << ", ";
      std::cout << counted(pipeline.stages.size(), "stage");
      std::size_t unshared = 0;
      for (Variant const& variant : pipeline.variants) unshared += variant.stages.size();
      if (unshared > pipeline.stages.size()) std::cout << " instead of " << unshared;
      if (auto const& count = pipeline.source().count) {
        std::cout << ", " << counted(*count, "sample") << " in \"" << pipeline.source().name
                  << "\"";
      }
      std::cout << '\n';
      return kDone;
    };
  });
}

}  // namespace seplflow::cli
