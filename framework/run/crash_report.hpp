// What is left to say when the process dies: a plugin may crash, or end the program.
#pragma once

#include <filesystem>
#include <string>

#include "run/json.hpp"

namespace seplflow {

// While it exists, a crash (SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, ...) and a call of exit() or
// quick_exit() name the stage, its library and the sample on stderr and in run.json, which then
// says "failed". The process dies of the same signal, or with exit status 1. One at a time; create
// it before there are other threads.
//
// _exit() cannot be noticed. It leaves a run.json that says "running", as SIGKILL does.
class CrashReport {
 public:
  // run.json needs this much room behind its text, since it is overwritten in place.
  static constexpr std::size_t kRoom = 4096;

  // Only for stderr, before a run has begun.
  CrashReport();

  // `file` is run.json with the text of `record` and room behind it. `command` resumes the run, and
  // may take --skip. Throws Error when the file cannot be opened.
  CrashReport(std::filesystem::path const& file, Json const& record, std::string command,
              bool can_skip);
  ~CrashReport();
  CrashReport(CrashReport const&) = delete;
  CrashReport& operator=(CrashReport const&) = delete;

  // Ends the process with status 130. run.json then says "interrupted", and stderr names the stages
  // that were at work.
  [[noreturn]] static void end_interrupted() noexcept;

 private:
  void install();

  struct State;
  State* state_;
};

// A word as a POSIX shell reads it, in quotes where it needs them.
std::string shell_word(std::string const& word);

}  // namespace seplflow
