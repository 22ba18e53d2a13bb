// The arguments that every subcommand about a pipeline takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow::cli {

struct PipelineArguments {
  std::string file;
  std::vector<std::string> overrides, sweeps;
  bool yes = false;

  void add_to(CLI::App& command) {
    command.add_option("PIPELINE", file, "pipeline file (TOML)")->required();
    command
        .add_option("--set", overrides,
                    "stage.option=value: set an option instead of the file; repeatable")
        ->type_name("STAGE.OPTION=VALUE")
        ->expected(1)
        ->take_all();
    command
        .add_option("--sweep", sweeps,
                    "stage.option=a,b,c: a variant for each value, or each combination; repeatable")
        ->type_name("STAGE.OPTION=VALUES")
        ->expected(1)
        ->take_all();
    command.add_flag("--yes", yes, "take more than 10,000 variants");
  }

  PipelineRequest request() const {
    PipelineRequest request;
    request.file = file;
    for (std::string const& argument : overrides) request.overrides.push_back({argument});
    for (std::string const& argument : sweeps) request.sweeps.push_back({argument});
    request.any_number_of_variants = yes;
    return request;
  }
};

}  // namespace seplflow::cli
