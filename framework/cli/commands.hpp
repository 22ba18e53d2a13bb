// The subcommands of the program, one file each.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace seplflow::cli {

// Exit statuses (docs/design.md, "The program").
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;

// What a subcommand does, set by its callback and run after the command line is parsed.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& action, std::vector<std::string> command_line);
void add_merge(CLI::App& app, Action& action, std::vector<std::string> command_line);
void add_check(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_graph(CLI::App& app, Action& action);
void add_stages(CLI::App& app, Action& action);

}  // namespace seplflow::cli
