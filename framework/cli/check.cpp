#include <iostream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/table.hpp"

namespace seplflow::cli {

void add_check(CLI::App& app, Action& action) {
  auto* const command = app.add_subcommand(
      "check", "Find every mistake in a pipeline without running it (exit status 2 if any)");
  auto const arguments = std::make_shared<PipelineArguments>();
  arguments->add_to(*command);
  command->footer("");
  command->callback([&action, arguments] {
    action = [arguments] {
      StageCatalog const catalog(default_plugin_places());
      PipelineRequest request = arguments->request();
      request.look_for_files = true;
      Pipeline const pipeline = load_pipeline(request, catalog);
      for (Problem const& warning : pipeline.warnings) {
        std::cerr << to_string(warning, "warning") << '\n';
      }
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
