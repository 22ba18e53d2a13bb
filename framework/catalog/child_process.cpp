#include "catalog/child_process.hpp"

#include <sys/wait.h>

#include <cstring>

namespace seplflow {

std::string end_of(int status) {
  if (status == kUnknownStatus) return "an unknown status";
  if (WIFSIGNALED(status)) {
    int const signal = WTERMSIG(status);
    return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace seplflow
