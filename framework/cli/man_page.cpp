#include "cli/man_page.hpp"

#include <algorithm>
#include <fstream>
#include <seplflow/error.hpp>
#include <seplflow/version.hpp>

#include "cli/completion.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

// The text as roff prints it.
std::string roff(std::string_view text) {
  std::string escaped;
  bool begins_line = true;
  for (char const letter : text) {
    if (begins_line && (letter == '.' || letter == '\'')) escaped += "\\&";
    begins_line = letter == '\n';
    switch (letter) {
      case '\\':
        escaped += "\\e";
        break;
      case '-':
        escaped += "\\-";
        break;
      case '\'':
        escaped += "\\(aq";
        break;
      case '`':
        escaped += "\\(ga";
        break;
      case '^':
        escaped += "\\(ha";
        break;
      case '~':
        escaped += "\\(ti";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string bold(std::string const& text) {
  return "\\fB" + roff(text) + "\\fR";
}
std::string italic(std::string const& text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string page_head(std::string const& name, std::string const& summary) {
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](unsigned char letter) {
    return static_cast<char>(std::toupper(letter));
  });
  std::string what = summary;
  what.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(what.front())));
  return ".TH \"" + roff(title) +
         "\" 1 \"\" \"seplflow " SEPLFLOW_VERSION "\" \"seplflow\"\n.SH NAME\n" + roff(name) +
         " \\- " + roff(what) + "\n";
}

std::string man_section(std::string const& title, std::string const& body) {
  return body.empty() ? "" : ".SH " + title + "\n" + body;
}

// A sentence that begins with a capital letter and ends with a full stop.
std::string sentence(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text + ".";
}

// Lines that stay as they are.
std::string literal(std::string const& lines) {
  if (lines.empty()) return "";
  return ".PP\n.nf\n" + roff(lines) + (lines.ends_with('\n') ? "" : "\n") + ".fi\n";
}

std::string tagged(std::string const& tag, std::string const& text) {
  return ".TP\n" + tag + "\n" + roff(sentence(text)) + "\n";
}

std::string argument_text(Argument const& argument) {
  std::string const tag = argument.is_option() ? bold(argument.name) : italic(argument.name);
  std::string const more = argument.repeatable && argument.is_option() ? "; may be repeated" : "";
  return tagged(tag + (argument.value.empty() ? "" : " " + italic(argument.value)),
                argument.help + more);
}

std::string status_section() {
  return man_section("EXIT STATUS", roff(program_texts().exit_status) + "\n");
}

std::string page_name(Command const& command) {
  return "seplflow-" + command.name;
}

void write_shared_file(fs::path const& file, std::string_view text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw Error("cannot write \"" + file.string() + "\"");
}

}  // namespace

std::string program_page(std::vector<Command> const& commands) {
  std::string list, see_also;
  for (Command const& command : commands) {
    list += tagged(bold(page_name(command)) + "(1)", command.summary);
    see_also += (see_also.empty() ? "" : ",\n") + bold(page_name(command)) + "(1)";
  }
  std::string const options = tagged(bold("--help"), "print help; of a command, after its name") +
                              tagged(bold("--version"), "print the version");
  return page_head("seplflow", "sharpens pseudo-labels of segmentation with SAM's masks") +
         man_section("SYNOPSIS", bold("seplflow") + " " + italic("COMMAND") + " [" +
                                     italic("ARGUMENTS") + "]\n") +
         man_section("DESCRIPTION", roff(program_texts().description) + "\n") +
         man_section("COMMANDS", list) + man_section("OPTIONS", options) +
         man_section("FIRST STEPS", literal(program_texts().first_steps)) + status_section() +
         man_section("SEE ALSO", see_also + "\n");
}

std::string command_page(Command const& command) {
  std::string arguments, options;
  for (Argument const& argument : command.arguments) {
    (argument.is_option() ? options : arguments) += argument_text(argument);
  }
  return page_head(page_name(command), command.summary) +
         man_section("SYNOPSIS", roff(usage(command)) + "\n") +
         man_section("DESCRIPTION", roff(sentence(command.summary)) + "\n") +
         man_section("ARGUMENTS", arguments) +
         man_section("OPTIONS", options + tagged(bold("--help"), "print help")) +
         man_section("EXAMPLES", literal(command.examples)) + status_section() +
         man_section("SEE ALSO", bold("seplflow") + "(1)\n");
}

void write_shared_files(std::vector<Command> const& commands, fs::path const& folder) {
  fs::path const pages = folder / "man/man1";
  write_shared_file(pages / "seplflow.1", program_page(commands));
  for (Command const& command : commands) {
    write_shared_file(pages / (page_name(command) + ".1"), command_page(command));
  }
  write_shared_file(folder / "bash-completion/completions/seplflow", completion_script("bash"));
  write_shared_file(folder / "zsh/site-functions/_seplflow", completion_script("zsh"));
  write_shared_file(folder / "fish/vendor_completions.d/seplflow.fish", completion_script("fish"));
}

}  // namespace seplflow::cli
