// The arguments that several commands about a pipeline take.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow::cli {

struct PipelineArguments {
  std::string file;
  std::vector<std::string> overrides, sweeps;
  std::vector<std::string> skip;  // for the option of [run]
  bool any_number_of_variants = false;

  // PIPELINE, --set, --sweep and --yes.
  void add_to(Command& command);
  // An option of [run] by its own name on the command line: --on-error for on_error. A list is
  // given element by element.
  void add_run_option(Command& command, std::string const& name);

  PipelineRequest request() const;
};

}  // namespace seplflow::cli
