// What --help prints.
#include <algorithm>

#include "cli/command_line.hpp"
#include "cli/screen.hpp"

namespace seplflow::cli {
namespace {

constexpr char const* kDescription =
    "seplflow sharpens the pseudo-labels of weakly supervised segmentation with SAM's masks. A "
    "pipeline file (TOML) declares the stages; \"seplflow stages\" lists them.";

constexpr char const* kFirstSteps =
    "  seplflow stages                list the available stages\n"
    "  seplflow stages sepl.select    describe one stage: inputs, outputs, options\n"
    "  seplflow check PIPELINE.toml   find every error before anything runs\n"
    "  seplflow run PIPELINE.toml     run it into runs/NAME\n"
    "  seplflow run PIPELINE.toml --set select.t1=0.4 --out runs/t1-0.4\n"
    "  seplflow show runs/NAME --worst 5\n"
    "  seplflow explain runs/NAME IMAGE\n"
    "  seplflow compare runs/NAME runs/t1-0.4\n";

constexpr char const* kExitStatus =
    "0 done; 1 done with failed samples, or failed while running; 2 error in the "
    "command line or the pipeline, nothing was run; 130 interrupted.";

struct HelpRow {
  std::string name, text;
};

std::string rows_text(std::string const& title, std::vector<HelpRow> const& rows, std::size_t width) {
  constexpr std::size_t kWidestName = 26, kIndent = 2;
  std::size_t column = 0;
  for (HelpRow const& row : rows) {
    if (row.name.size() <= kWidestName) column = std::max(column, kIndent + row.name.size() + 2);
  }
  std::string text = title + ":\n";
  for (auto const& [name, help] : rows) {
    std::string line = std::string(kIndent, ' ') + name;
    if (line.size() + 2 > column) {
      text += line + "\n";
      line.clear();
    }
    line.resize(column, ' ');
    // The first line begins with the name; wrapping sees it as deep as the others.
    std::string const body = wrapped(std::string(column, ' ') + help, width);
    text += line + body.substr(column) + "\n";
  }
  return rows.empty() ? "" : text + "\n";
}

}  // namespace

std::string usage(Command const& command) {
  std::string text = "seplflow " + command.name;
  bool has_options = false;
  for (Argument const& argument : command.arguments) {
    has_options |= argument.is_option();
    if (argument.is_option()) continue;
    std::string const name = argument.name + (argument.repeatable ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return has_options ? text + " [OPTIONS]" : text;
}

std::string command_help(Command const& command, std::size_t width) {
  std::vector<HelpRow> arguments, options;
  for (Argument const& argument : command.arguments) {
    std::string const name = argument.name + (argument.value.empty() ? "" : " " + argument.value);
    std::string const help =
        argument.help + (argument.repeatable && argument.is_option() ? "; repeatable" : "");
    (argument.is_option() ? options : arguments).push_back({name, help});
  }
  options.push_back({"--help", "print this help"});
  std::string text =
      "Usage: " + usage(command) + "\n\n" + wrapped(command.summary, width) + ".\n\n";
  text += rows_text("Arguments", arguments, width) + rows_text("Options", options, width);
  if (!command.examples.empty()) return text + "Examples:\n" + command.examples;
  text.pop_back();
  return text;
}

std::string program_help(std::vector<Command> const& commands, std::size_t width) {
  std::vector<HelpRow> rows;
  for (Command const& command : commands) rows.push_back({command.name, command.summary});
  std::string const options = rows_text(
      "Options",
      {{"--help", "print this help; \"seplflow COMMAND --help\" prints that of a command"},
       {"--version", "print the version"}},
      width);
  return wrapped(kDescription, width) + "\n\nUsage: seplflow COMMAND [ARGUMENTS]\n\n" +
         rows_text("Commands", rows, width) + options + "First steps:\n" + kFirstSteps + "\n" +
         wrapped(std::string("Exit status: ") + kExitStatus, width) + "\n";
}

ProgramTexts program_texts() {
  return {kDescription, kFirstSteps, kExitStatus};
}

}  // namespace seplflow::cli
