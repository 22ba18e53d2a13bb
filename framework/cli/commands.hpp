// The commands of the program, one file each.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.hpp"

namespace seplflow::cli {

// Exit statuses (docs/pipelines.md, "The program").
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;

// The words that started the program are for the record of a run.
Command run_command(std::vector<std::string> words);
Command merge_command(std::vector<std::string> words);
Command check_command();
Command compare_command();
Command completion_command();
Command graph_command();
Command new_command();
Command report_command();
Command explain_command();
Command show_command();
Command stages_command();
Command status_command();
Command submit_command(std::vector<std::string> words);

inline std::vector<Command> all_commands(std::vector<std::string> const& words) {
  return {run_command(words), submit_command(words), status_command(), merge_command(words),
          check_command(),    graph_command(),       show_command(),   explain_command(),
          compare_command(),  report_command(),      stages_command(), new_command(),
          completion_command()};
}

}  // namespace seplflow::cli
