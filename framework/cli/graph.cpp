#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/pipeline_arguments.hpp"

namespace seplflow::cli {
namespace {

struct GraphArguments {
  PipelineArguments pipeline;
  std::string format = "dot";
};

int graph(GraphArguments const& arguments) {
  StageCatalog const catalog = catalog_with_warnings();
  Pipeline const pipeline = load_pipeline(arguments.pipeline.request(), catalog);
  std::cout << (arguments.format == "dot" ? graph_dot(pipeline) : graph_mermaid(pipeline));
  return kDone;
}

}  // namespace

Command graph_command() {
  auto const arguments = std::make_shared<GraphArguments>();
  Command command{.name = "graph",
                  .summary = "Print the graph of a pipeline, for Graphviz or Mermaid",
                  .run = [arguments] { return graph(*arguments); }};
  arguments->pipeline.add_to(command);
  command.choice("--format", {"dot", "mermaid"}, "language of the graph (default dot)",
                 arguments->format);
  return command;
}

}  // namespace seplflow::cli
