// Runs programs as a user would.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

struct ProgramResult {
  int status = -1;  // exit status, or 128 + signal
  std::string out, err;
};

struct ProgramOptions {
  std::filesystem::path folder;                    // working folder; empty: this one's
  std::map<std::string, std::string> environment;  // added to this process's
  std::function<void()> before_exec;               // in the child: limits, another user
  std::function<void(int pid)> while_running;      // in the parent, once it is started
};

// Runs `command` (a path and its arguments) to its end, without a shell.
ProgramResult run_program(std::vector<std::string> const& command,
                          ProgramOptions const& options = {});

// Runs the seplflow that these tests belong to.
ProgramResult run_seplflow(std::vector<std::string> arguments, ProgramOptions const& options = {});
