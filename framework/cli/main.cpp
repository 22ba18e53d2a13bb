// seplflow, the program.
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/malloc_settings.hpp"
#include "cli/screen.hpp"

namespace {

using namespace seplflow;

constexpr std::string_view kFlag = "--sweep=";

std::string message(std::string const& key, std::vector<std::string> const& values) {
  std::string list;
  for (std::string const& value : values) list += (list.empty() ? "" : ",") + value;
  std::string const braces = key + "{" + list + "}";
  std::string const start = "the shell expanded the braces of " + braces + "; write --sweep ";
  if (list.find('=') == std::string::npos) return start + key + list;
  if (values.size() != 3 || !values[0].starts_with("from=") || !values[1].starts_with("to=") ||
      !values[2].starts_with("step=")) {
    return start + "'" + braces + "'";
  }
  return start + key + values[0].substr(5) + ":" + values[1].substr(3) + ":" + values[2].substr(5) +
         ", or quote it: --sweep '" + braces + "'";
}

// An error message if the words are what bash makes of --sweep KEY={A,B} without quotes: "--sweep",
// "KEY=A", "KEY=B".
std::optional<std::string> expanded_braces(std::vector<std::string> const& words) {
  auto const argument = [&](std::size_t i) {
    return words[i].starts_with(kFlag) ? words[i].substr(kFlag.size()) : words[i];
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i - 1] != "--sweep" && !words[i].starts_with(kFlag)) continue;
    std::string const key = argument(i).substr(0, argument(i).find('=') + 1);
    std::vector<std::string> values;
    for (std::size_t k = i; k < words.size() && argument(k).starts_with(key); ++k) {
      values.push_back(argument(k).substr(key.size()));
    }
    if (!key.empty() && values.size() > 1) return message(key, values);
  }
  return std::nullopt;
}

int run_command_line(std::vector<std::string> const& words) {
  if (auto const error = expanded_braces(words)) throw UsageError(*error);
  auto const commands = cli::all_commands(words);
  auto const line = cli::parse(commands, {words.begin() + 1, words.end()});
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

int with_errors_reported(std::vector<std::string> const& words) {
  try {
    return run_command_line(words);
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
  cli::keep_freed_memory();
  // A file that grows past its limit is an error of that write, not the end of the program.
  std::signal(SIGXFSZ, SIG_IGN);
  return with_output_flushed(with_errors_reported({argv, argv + argc}));
}
