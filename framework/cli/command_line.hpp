// The command line: what each command takes, and what the user gave.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/option.hpp>

namespace seplflow::cli {

// An option ("--jobs"), or a positional argument ("PIPELINE").
struct Argument {
  std::string name;
  std::string value;  // what follows an option, for example "N"; empty for a flag
  std::string help;
  // Stores the value. Throws Error, to be read after the argument's name, for one that does not
  // fit.
  std::function<void(std::string const&)> set;
  bool required = false;
  bool repeatable = false;
  std::vector<std::string> choices = {};  // of its value; none: others are accepted too
  // What completion offers, by the placeholder that stands for it (cli/completion.cpp), where the
  // placeholder of this argument does not say it.
  std::string completes = {};

  bool is_option() const { return name.starts_with("--"); }
};

struct Command {
  std::string name;
  std::string summary;
  std::function<int()> run;  // returns the exit status
  std::string examples = {};
  std::vector<Argument> arguments = {};
  bool handles_interrupts = false;  // else Ctrl-C, SIGTERM and SIGHUP end it

  // The targets must outlive the command, for example as part of what `run` captures.
  Argument& flag(std::string option, std::string help, bool& target);
  Argument& option(std::string option, std::string value, std::string help, std::string& target);
  Argument& option(std::string option, std::string value, std::string help,
                   std::vector<std::string>& target);  // repeatable
  Argument& choice(std::string option, std::vector<std::string> choices, std::string help,
                   std::string& target);
  Argument& count(std::string option, std::string help, std::int64_t& target);
  Argument& optional_count(std::string option, std::string help,
                           std::optional<std::int64_t>& target);  // at least 1
  // Takes only what fits the declaration, which is one of choices or of an integer.
  Argument& checked(std::string option, std::string help, OptionDeclaration const& declaration,
                    std::function<void(std::string const&)> set);
  // Repeatable if the target is a list.
  Argument& positional(std::string argument, std::string help, auto& target) {
    return option(std::move(argument), "", std::move(help), target);
  }

  Argument const* find(std::string const& option) const;
};

// Everything that is wrong with a command line; what() has a line for each error.
class CommandLineError : public UsageError {
 public:
  explicit CommandLineError(std::vector<std::string> errors);
  std::vector<std::string> const& errors() const { return errors_; }

 private:
  std::vector<std::string> errors_;
};

struct ParsedLine {
  Command const* command = nullptr;  // the one that is named
  bool help = false, version = false;
};

// Stores the words of a command line, without the program's name, in the targets of the command
// that the first one names. Throws CommandLineError.
ParsedLine parse(std::vector<Command> const& commands, std::vector<std::string> const& words);

// "seplflow run PIPELINE [OPTIONS]"
std::string usage(Command const& command);

// What is said about the program as a whole: what it is, first commands, and its exit status.
struct ProgramTexts {
  char const *description, *first_steps, *exit_status;
};
ProgramTexts program_texts();

// What --help prints, in lines of at most `width` characters.
std::string program_help(std::vector<Command> const& commands, std::size_t width);
std::string command_help(Command const& command, std::size_t width);

}  // namespace seplflow::cli
