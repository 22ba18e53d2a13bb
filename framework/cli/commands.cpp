#include "cli/commands.hpp"

namespace seplflow::cli {

std::vector<Command> all_commands(std::vector<std::string> const& words) {
  return {run_command(words), merge_command(words), check_command(),
          graph_command(),    compare_command(),    stages_command()};
}

}  // namespace seplflow::cli
