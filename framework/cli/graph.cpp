#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/pipeline_arguments.hpp"
#include "run/run_file.hpp"
#include "run/run_place.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct GraphArguments {
  PipelineArguments pipeline;
  std::string format = "dot";
};

// "0.042 s (3 %)", "127 s (61 %)"
std::string share_text(double seconds, double total) {
  char text[64];
  int const decimals = seconds < 1 ? 3 : seconds < 10 ? 2 : seconds < 100 ? 1 : 0;
  std::snprintf(text, sizeof text, "%.*f s (%.0f %%)", decimals, seconds,
                total > 0 ? 100 * seconds / total : 0);
  return text;
}

// What run.json says of the stages, in the order of the pipeline.
std::vector<std::string> seconds_of_stages(RunPlace const& place, Pipeline const& pipeline) {
  Json const stages = place.record->json.value("stages", Json::array());
  std::string const file = (place.folder / "run.json").string();
  if (stages.empty()) {
    throw UsageError(file + " has no seconds of stages, because the run has not ended (status \"" +
                     place.record->status + "\"); `seplflow graph " +
                     (place.folder / "pipeline.toml").string() + "` draws it without them");
  }
  std::vector<double> seconds;
  double total = 0;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    std::string const& name = pipeline.stages[i].name;
    bool const is_same = i < stages.size() && text_in(stages[i], "stage") == name &&
                         stages[i].contains("seconds") && stages[i]["seconds"].is_number();
    if (!is_same || stages.size() != pipeline.stages.size()) {
      throw UsageError(file + " does not have the seconds of the stage \"" + name +
                       "\" of pipeline.toml beside it; was one of them changed after the run?");
    }
    seconds.push_back(stages[i]["seconds"].get<double>());
    total += seconds.back();
  }
  std::vector<std::string> notes;
  for (double const each : seconds) notes.push_back(share_text(each, total));
  return notes;
}

// The place of a run that can be drawn.
RunPlace drawn_run(PipelineArguments const& arguments) {
  if (!arguments.overrides.empty() || !arguments.sweeps.empty()) {
    throw UsageError(arguments.file +
                     " is the folder of a run, whose pipeline --set and --sweep cannot change; "
                     "name a pipeline file, or leave them out");
  }
  RunPlace place = run_place(arguments.file);
  if (!place.variant.empty()) {
    throw UsageError(arguments.file + " is a variant of a sweep, which took its time as a whole; " +
                     "name the folder of the sweep, " + place.sweep.string());
  }
  if (!place.record) {
    throw UsageError(
        arguments.file +
        " has no run.json, which has the seconds of its stages; was it copied without?");
  }
  return place;
}

int graph(GraphArguments const& arguments) {
  StageCatalog const catalog = catalog_with_warnings();
  PipelineRequest request = arguments.pipeline.request();
  std::error_code unknown;
  std::vector<std::string> notes;
  std::optional<RunPlace> run;
  if (fs::is_directory(request.file, unknown)) {
    run = drawn_run(arguments.pipeline);
    request.file = run->folder / "pipeline.toml";
    request.any_number_of_variants = true;
  }
  Pipeline const pipeline = run ? parse_pipeline(read_run_file(request.file), request, catalog)
                                : load_pipeline(request, catalog);
  if (run) notes = seconds_of_stages(*run, pipeline);
  std::cout << (arguments.format == "dot" ? graph_dot(pipeline, notes)
                                          : graph_mermaid(pipeline, notes));
  return kDone;
}

}  // namespace

Command graph_command() {
  auto const arguments = std::make_shared<GraphArguments>();
  Command command{.name = "graph",
                  .summary = "Print the graph of a pipeline or of a run, for Graphviz or Mermaid",
                  .run = [arguments] { return graph(*arguments); }};
  arguments->pipeline.add_to(command);
  std::ranges::find(command.arguments, "PIPELINE", &Argument::name)->help =
      "pipeline file (TOML), or the folder of a run, whose stages show their seconds";
  command.choice("--format", {"dot", "mermaid"}, "language of the graph (default dot)",
                 arguments->format);
  return command;
}

}  // namespace seplflow::cli
