#include "cli/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include "base/number_text.hpp"
#include "base/similar_names.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow::cli {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// Negative numbers are values.
bool is_option_word(std::string_view word) {
  bool const is_number = word.size() > 1 && (word[1] == '.' || (word[1] >= '0' && word[1] <= '9'));
  return word.size() > 1 && word[0] == '-' && !is_number;
}

// "--out", for the positional argument OUT.
bool is_option_called(std::string const& option, std::string const& argument) {
  return option.size() == argument.size() + 2 &&
         std::equal(argument.begin(), argument.end(), option.begin() + 2,
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

// "stage.option=value"
bool is_setting(std::string const& word) {
  auto const end = word.find('='), dot = word.find('.');
  return end != std::string::npos && dot < end && word.find('/') >= end &&
         !std::filesystem::exists(word);
}

std::string joined(std::vector<std::string> const& lines) {
  std::string text;
  for (std::string const& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::vector<std::string> option_names(Command const& command) {
  std::vector<std::string> names;
  for (Argument const& argument : command.arguments) {
    if (argument.is_option()) names.push_back(argument.name);
  }
  names.emplace_back("--help");
  return names;
}

bool fits(OptionDeclaration const& option, std::string const& text) {
  if (!option.choices.empty()) return std::ranges::count(option.choices, text) > 0;
  if (option.type != OptionType::integer) return true;
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  auto const number = static_cast<double>(value);
  return error == std::errc() && end == text.data() + text.size() &&
         number >= option.minimum.value_or(number) && number <= option.maximum.value_or(number);
}

std::string placeholder(OptionDeclaration const& option) {
  std::string text;
  for (std::string const& each : option.choices) text += (text.empty() ? "" : "|") + each;
  return text.empty() ? "N" : text;
}

class Parser {
 public:
  Parser(std::vector<Command> const& commands, std::vector<std::string> const& words)
      : commands_(commands), words_(words) {}

  ParsedLine parse() {
    if (words_.empty()) throw CommandLineError({"a command is missing" + command_list()});
    find_command();
    while (command_ != nullptr && at_ < words_.size()) {
      std::string const& word = words_[at_++];
      if (word == "--" && !only_positional_) {
        only_positional_ = true;
      } else if (!only_positional_ && is_option_word(word)) {
        read_option(word);
      } else {
        read_positional(word);
      }
    }
    if (command_ != nullptr && !line_.help) check_number_of_arguments();
    line_.command = command_;
    if (!line_.help && !errors_.empty()) throw CommandLineError(errors_);
    return line_;
  }

 private:
  std::string command_list() const {
    std::string text;
    for (Command const& command : commands_) text += (text.empty() ? "" : ", ") + command.name;
    return " (commands: " + text + ")";
  }

  Command const* command_called(std::string const& name) const {
    auto const found = std::ranges::find(commands_, name, &Command::name);
    return found == commands_.end() ? nullptr : &*found;
  }

  void find_command() {
    std::string const& first = words_[at_++];
    if (first == "--help" || first == "-h" || first == "help") {
      line_.help = true;
      if (words_.size() > 1) command_ = command_called(words_[1]);
      at_ = words_.size();
    } else if (first == "--version") {
      line_.version = true;
    } else if (is_option_word(first)) {
      auto const meant = options_like(first, {"--help", "--version"});
      errors_.push_back(meant.empty()
                            ? "the command is missing before " + in_quotes(first) + command_list()
                            : "unknown option " + in_quotes(first) + "; did you mean " +
                                  quoted_list(meant) + "?");
    } else {
      command_ = command_called(first);
      if (command_ == nullptr)
        errors_.push_back("unknown command " + in_quotes(first) + hint(first));
    }
  }

  std::string hint(std::string const& unknown) const {
    if (unknown.ends_with(".toml") || std::filesystem::is_regular_file(unknown)) {
      return "; to run a pipeline, write " + in_quotes("seplflow run " + unknown);
    }
    std::vector<std::string> names;
    for (Command const& command : commands_) names.push_back(command.name);
    return did_you_mean(unknown, names) + command_list();
  }

  void read_option(std::string const& word) {
    std::size_t const equals = word.find('=');
    std::string const name = word.substr(0, equals);
    if (name == "--help" || name == "-h") {
      line_.help = true;
      return;
    }
    Argument const* const option = command_->find(name);
    if (option == nullptr) return refuse_option(word);
    bool const has_value = equals != std::string::npos;
    if (!given_.insert(name).second && !option->repeatable) {
      errors_.push_back("option " + in_quotes(name) + " is given twice");
    }
    if (option->value.empty()) {
      if (has_value) errors_.push_back("option " + in_quotes(name) + " takes no value");
      option->set("");
    } else if (has_value) {
      store(*option, word.substr(equals + 1));
    } else if (at_ < words_.size() && can_be_value(*option, words_[at_])) {
      std::string const& value = words_[at_++];
      if (!refuse_space(*option, value)) store(*option, value);
    } else {
      errors_.push_back("option " + in_quotes(name) + " needs a value: " + name + " " +
                        option->value);
    }
  }

  // OPTIONS are those of another program.
  static bool can_be_value(Argument const& option, std::string const& word) {
    return option.value == "OPTIONS" || !is_option_word(word);
  }

  // Whether "KEY VALUE" is written in the place of "KEY=VALUE".
  bool refuse_space(Argument const& option, std::string const& key) {
    if (option.value.find('=') == std::string::npos || key.find('=') != std::string::npos ||
        at_ >= words_.size() || is_option_word(words_[at_]) || words_[at_].ends_with(".toml")) {
      return false;
    }
    std::string const& value = words_[at_++];
    errors_.push_back("option " + in_quotes(option.name) +
                      " takes KEY=VALUE without spaces; write " +
                      in_quotes(option.name + " " + key + "=" + value));
    return true;
  }

  void store(Argument const& argument, std::string const& value) {
    try {
      argument.set(value);
    } catch (Error const& error) {
      errors_.push_back((argument.is_option() ? "option " : "") + in_quotes(argument.name) + ": " +
                        error.what());
    }
  }

  void refuse_option(std::string const& word) {
    std::string const name = word.substr(0, word.find('='));
    std::vector<std::string> const owners = commands_with(name),
                                   meant = options_like(name, option_names(*command_));
    std::string hint = "; \"seplflow " + command_->name + " --help\" lists the options";
    std::string const& first = command_->arguments.front().name;
    if (is_option_called(name, first)) {
      hint = "; " + first + " is the first argument: " + usage(*command_);
    } else if (!owners.empty()) {
      hint = "; it is an option of " + quoted_list(owners);
    } else if (!meant.empty()) {
      hint = "; did you mean " + quoted_list(meant) + "?";
    }
    errors_.push_back("unknown option " + in_quotes(name) + hint);
    skip_value_of(owners.empty() ? meant : std::vector{name}, word);
  }

  std::vector<std::string> commands_with(std::string const& option) const {
    std::vector<std::string> names;
    for (Command const& command : commands_) {
      if (command.find(option) != nullptr) names.push_back("seplflow " + command.name);
    }
    return names;
  }

  // For "-j", those that begin so.
  static std::vector<std::string> options_like(std::string const& name,
                                               std::vector<std::string> names) {
    if (auto similar = similar_names(name, names); !similar.empty()) return similar;
    std::erase_if(names, [&](auto const& each) { return name.size() != 2 || each[2] != name[1]; });
    return names;
  }

  // What follows an unknown option is probably its value, and not worth an error of its own.
  void skip_value_of(std::vector<std::string> const& meant, std::string const& word) {
    if (word.find('=') != std::string::npos) return;
    after_unknown_ = true;
    bool const takes_value = std::ranges::any_of(commands_, [&](Command const& command) {
      Argument const* const option = meant.empty() ? nullptr : command.find(meant.front());
      return option != nullptr && !option->value.empty();
    });
    if (takes_value && at_ < words_.size() && !is_option_word(words_[at_])) ++at_;
  }

  void read_positional(std::string const& word) {
    bool const may_be_a_value = std::exchange(after_unknown_, false);
    if (is_setting(word) && command_->find("--set") != nullptr) {
      std::string const option = word.find(',') < word.find_first_of("[{\"") ? "--sweep" : "--set";
      errors_.push_back("unexpected argument " + in_quotes(word) + "; to set an option, write " +
                        in_quotes(option + " " + word));
      return;
    }
    for (Argument const& argument : command_->arguments) {
      if (argument.is_option() || (given_.contains(argument.name) && !argument.repeatable))
        continue;
      given_.insert(argument.name);
      return store(argument, word);
    }
    if (may_be_a_value) return;
    surplus_.push_back(word);
  }

  void check_number_of_arguments() {
    if (!surplus_.empty()) {
      std::string text = surplus_.size() == 1 ? "unexpected argument " : "unexpected arguments ";
      for (std::string const& each : surplus_) {
        text += (&each == &surplus_.front() ? "" : ", ") + in_quotes(each);
      }
      auto const& names = command_->arguments;
      bool const takes_one =
          std::ranges::count_if(names, [](auto const& each) { return !each.is_option(); }) == 1;
      if (takes_one) {
        text += "; expected one " + std::ranges::find(names, false, &Argument::is_option)->name;
      }
      errors_.push_back(text + "; usage: " + usage(*command_));
    }
    for (Argument const& argument : command_->arguments) {
      if (!argument.required || given_.contains(argument.name)) continue;
      errors_.push_back(argument.name + " is missing; usage: " + usage(*command_));
    }
  }

  std::vector<Command> const& commands_;
  std::vector<std::string> const& words_;
  std::size_t at_ = 0;
  Command const* command_ = nullptr;
  ParsedLine line_;
  std::vector<std::string> errors_;
  std::set<std::string> given_;
  std::vector<std::string> surplus_;
  bool only_positional_ = false;
  bool after_unknown_ = false;
};

}  // namespace

CommandLineError::CommandLineError(std::vector<std::string> errors)
    : UsageError(joined(errors)), errors_(std::move(errors)) {}

Argument& Command::flag(std::string option, std::string help, bool& target) {
  return arguments.emplace_back(
      Argument{std::move(option), "", std::move(help), [&](auto const&) { target = true; }});
}

Argument& Command::option(std::string option, std::string value, std::string help,
                          std::string& target) {
  auto const set = [&target](std::string const& text) {
    if (text.empty()) throw Error("expected a value, got \"\"");
    target = text;
  };
  return arguments.emplace_back(
      Argument{std::move(option), std::move(value), std::move(help), set});
}

Argument& Command::option(std::string option, std::string value, std::string help,
                          std::vector<std::string>& target) {
  Argument argument{std::move(option), std::move(value), std::move(help),
                    [&](auto const& text) { target.push_back(text); }};
  argument.repeatable = true;
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::choice(std::string option, std::vector<std::string> choices, std::string help,
                          std::string& target) {
  OptionDeclaration declaration;
  declaration.choices = std::move(choices);
  return checked(std::move(option), std::move(help), declaration,
                 [&](auto const& text) { target = text; });
}

Argument& Command::count(std::string option, std::string help, std::int64_t& target) {
  OptionDeclaration declaration;
  declaration.type = OptionType::integer;
  declaration.minimum = 0;
  return checked(std::move(option), std::move(help), declaration,
                 [&](auto const& text) { target = std::stoll(text); });
}

Argument& Command::optional_count(std::string option, std::string help,
                                  std::optional<std::int64_t>& target) {
  OptionDeclaration declaration;
  declaration.type = OptionType::integer;
  declaration.minimum = 1;
  return checked(std::move(option), std::move(help), declaration,
                 [&](auto const& text) { target = std::stoll(text); });
}

Argument& Command::checked(std::string option, std::string help,
                           OptionDeclaration const& declaration,
                           std::function<void(std::string const&)> set) {
  std::string const meaning = declaration.choices.empty() ? " (" + help + ")" : "";
  auto const check_and_set = [declaration, meaning, set](std::string const& text) {
    if (!fits(declaration, text)) {
      throw Error("expected " + expected_value(declaration) + ", got " + in_quotes(text) + meaning);
    }
    set(text);
  };
  Argument argument{std::move(option), placeholder(declaration), std::move(help), check_and_set};
  argument.choices = declaration.choices;
  return arguments.emplace_back(std::move(argument));
}

Argument const* Command::find(std::string const& option) const {
  auto const found = std::ranges::find(arguments, option, &Argument::name);
  return found == arguments.end() || !found->is_option() ? nullptr : &*found;
}

ParsedLine parse(std::vector<Command> const& commands, std::vector<std::string> const& words) {
  return Parser(commands, words).parse();
}

}  // namespace seplflow::cli
