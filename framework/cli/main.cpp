// seplflow, the program.
#include <unistd.h>

#include <csignal>
#include <iostream>

#include <seplflow/version.hpp>
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/errors.hpp"
#include "cli/expanded_braces.hpp"
#include "cli/malloc_settings.hpp"
#include "cli/man_page.hpp"
#include "cli/screen.hpp"
#include "run/interrupt.hpp"

namespace {

using namespace seplflow;

// Does what shells and the build ask for, which is not for users: completes a command line, or writes
// the manual pages and scripts into a folder.
bool is_for_shells(std::vector<std::string> const& words, std::vector<cli::Command> const& commands) {
  if (words.size() < 3) return false;
  if (words[1] == "__complete") {
    cli::print_completion(commands, {words.begin() + 2, words.end()}, std::cout);
  } else if (words[1] == "__write-share") {
    cli::write_shared_files(commands, words[2]);
  } else {
    return false;
  }
  return true;
}

// `before` is the signal mask for commands that do not handle interrupts.
int run_command_line(std::vector<std::string> const& words, sigset_t const& before) {
  if (auto const error = cli::expanded_braces(words)) throw UsageError(*error);
  auto const commands = cli::all_commands(words);
  if (is_for_shells(words, commands)) return cli::kDone;
  auto const line = cli::parse(commands, {words.begin() + 1, words.end()});
  bool const handles_interrupts =
      line.command != nullptr && !line.help && line.command->handles_interrupts;
  if (!handles_interrupts) pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (line.version) {
    std::cout << "seplflow " SEPLFLOW_VERSION "\n";
    return cli::kDone;
  }
  if (!line.help) return line.command->run();
  std::size_t const width = cli::screen_of(STDOUT_FILENO).text_width();
  std::cout << (line.command != nullptr ? cli::command_help(*line.command, width)
                                        : cli::program_help(commands, width));
  return cli::kDone;
}

int with_errors_reported(std::vector<std::string> const& words, sigset_t const& before) {
  try {
    return run_command_line(words, before);
  } catch (...) {
    return cli::report_error();
  }
}

// Results that could not be written do not count.
int with_output_flushed(int status) {
  if (std::cout.flush()) return status;
  std::cerr << "error: cannot write to standard output\n";
  return status == cli::kDone ? cli::kFailed : status;
}

}  // namespace

int main(int argc, char** argv) {
  // First of all: a library's thread would else take the signals, and they would end the process.
  sigset_t const before = block_interrupts();
  cli::keep_freed_memory();
  // A file that grows past its limit is an error of that write, not the end of the program.
  std::signal(SIGXFSZ, SIG_IGN);
  return with_output_flushed(with_errors_reported({argv, argv + argc}, before));
}
