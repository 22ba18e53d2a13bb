#include <iostream>

#include "cli/commands.hpp"
#include "cli/pipeline_arguments.hpp"

namespace seplflow::cli {

void add_graph(CLI::App& app, Action& action) {
  auto* const command =
      app.add_subcommand("graph", "Print the graph of a pipeline, for Graphviz or Mermaid");
  auto const arguments = std::make_shared<PipelineArguments>();
  auto const format = std::make_shared<std::string>("dot");
  arguments->add_to(*command);
  command->add_option("--format", *format, "dot (default) or mermaid")
      ->check(CLI::IsMember({"dot", "mermaid"}));
  command->footer("");
  command->callback([&action, arguments, format] {
    action = [arguments, format] {
      StageCatalog const catalog(default_plugin_places());
      Pipeline const pipeline = load_pipeline(arguments->request(), catalog);
      std::cout << (*format == "dot" ? graph_dot(pipeline) : graph_mermaid(pipeline));
      return kDone;
    };
  });
}

}  // namespace seplflow::cli
