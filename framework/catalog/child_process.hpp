// What becomes of child processes. Internal to the catalog.
#pragma once

#include <string>

namespace seplflow {

constexpr int kUnknownStatus = -1;  // of a program that was started with SIGCHLD ignored

// How a process ended, by its status of waitpid(): "signal 9 (Killed)", "exit status 1".
std::string end_of(int status);

}  // namespace seplflow
