// The arguments that every subcommand about a pipeline takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow::cli {

struct PipelineArguments {
  std::string file;
  std::vector<std::string> overrides;

  void add_to(CLI::App& command) {
    command.add_option("PIPELINE", file, "pipeline file (TOML)")->required();
    command
        .add_option("--set", overrides,
                    "stage.option=value: set an option instead of the file; repeatable")
        ->type_name("STAGE.OPTION=VALUE")
        ->expected(1)
        ->take_all();
  }

  PipelineRequest request() const {
    PipelineRequest request;
    request.file = file;
    for (std::string const& argument : overrides) request.overrides.push_back({argument});
    return request;
  }
};

}  // namespace seplflow::cli
