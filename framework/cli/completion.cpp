#include "cli/completion.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "catalog/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/shell_words.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/run_settings.hpp"
#include "pipeline/stage_uses.hpp"
#include "run/json.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

std::string one_line_help(std::string help) {
  std::ranges::replace(help, '\n', ' ');
  std::ranges::replace(help, '\t', ' ');
  return help;
}

bool is_run(fs::path const& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "run.json", error);
}

// A variant of a sweep: RUN/variants/NAME.
bool is_variant(fs::path const& folder) {
  return folder.parent_path().filename() == "variants" &&
         is_run(folder.parent_path().parent_path());
}

// What a placeholder stands for: "RUN" for an option RUN and an argument RUN alike.
std::string const& placeholder_of(Argument const& argument) {
  if (!argument.completes.empty()) return argument.completes;
  return argument.is_option() ? argument.value : argument.name;
}

// The words before the last one, as the command understands them.
struct UnfinishedLine {
  Command const* command = nullptr;
  std::set<std::string> options;                           // that are given
  std::map<std::string, std::vector<std::string>> values;  // of options and arguments
  Argument const* open_option = nullptr;                   // that waits for its value
  bool only_positional = false;                            // after "--"

  UnfinishedLine(Command const& known, std::vector<std::string> const& words) : command(&known) {
    for (std::size_t i = 1; i + 1 < words.size(); ++i) add(words[i]);
  }

  // The argument that the next word would be.
  Argument const* next_positional() const {
    for (Argument const& argument : command->arguments) {
      if (argument.is_option()) continue;
      if (argument.repeatable || !values.contains(argument.name)) return &argument;
    }
    return nullptr;
  }

  std::string value_of(std::string const& name) const {
    auto const found = values.find(name);
    return found == values.end() ? "" : found->second.front();
  }

 private:
  void add(std::string const& word) {
    if (open_option != nullptr) {
      values[open_option->name].push_back(word);
      open_option = nullptr;
    } else if (word == "--") {
      only_positional = true;
    } else if (!only_positional && word.starts_with("--")) {
      add_option(word);
    } else if (Argument const* const argument = next_positional()) {
      values[argument->name].push_back(word);
    }
  }

  void add_option(std::string const& word) {
    std::size_t const equals = word.find('=');
    Argument const* const option = command->find(word.substr(0, equals));
    if (option == nullptr) return;
    options.insert(option->name);
    if (equals != std::string::npos) {
      values[option->name].push_back(word.substr(equals + 1));
    } else if (!option->value.empty()) {
      open_option = option;
    }
  }
};

class Completer {
 public:
  Completer(std::vector<Command> const& commands, std::vector<std::string> const& words)
      : commands_(commands), words_(words) {}

  Completion complete() {
    if (words_.empty()) return {};
    word_ = words_.back();
    if (words_.size() == 1 || (words_.front() == "help" && words_.size() == 2)) {
      offer_commands();
    } else if (auto const found = std::ranges::find(commands_, words_.front(), &Command::name);
               found != commands_.end()) {
      complete_argument(UnfinishedLine(*found, words_));
    }
    return std::move(result_);
  }

 private:
  void offer(std::string const& text, std::string const& help = "") {
    if (text.starts_with(word_)) result_.candidates.push_back({text, one_line_help(help)});
  }

  void offer_commands() {
    for (Command const& command : commands_) offer(command.name, command.summary);
    if (words_.size() == 1 && word_.starts_with("-")) {
      offer("--help", "print help");
      offer("--version", "print the version");
    }
  }

  void complete_argument(UnfinishedLine const& line) {
    if (line.open_option != nullptr) return offer_values(*line.open_option, line, 0);
    std::size_t const equals = word_.find('=');
    if (!line.only_positional && word_.starts_with("-")) {
      Argument const* const option = line.command->find(word_.substr(0, equals));
      if (equals == std::string::npos) return offer_options(line);
      if (option != nullptr && !option->value.empty()) offer_values(*option, line, equals + 1);
      return;
    }
    if (Argument const* const argument = line.next_positional()) {
      offer_values(*argument, line, 0);
    } else if (word_.empty()) {
      offer_options(line);
    }
  }

  void offer_options(UnfinishedLine const& line) {
    for (Argument const& argument : line.command->arguments) {
      if (!argument.is_option()) continue;
      if (line.options.contains(argument.name) && !argument.repeatable) continue;
      offer(argument.name, argument.help);
    }
    offer("--help", "print help");
  }

  // The value begins after `at` bytes of the word.
  void offer_values(Argument const& argument, UnfinishedLine const& line, std::size_t at) {
    before_ = word_.substr(0, at);
    value_ = word_.substr(at);
    std::string const& placeholder = placeholder_of(argument);
    bool const takes_run = argument.name == "--out" && (line.options.contains("--resume") ||
                                                        line.options.contains("--overwrite"));
    bool const is_resubmission = line.command->name == "submit" && line.options.contains("--resume");
    if (!argument.choices.empty()) {
      for (std::string const& choice : argument.choices) offer(before_ + choice);
    } else if (placeholder == "RUN" || takes_run || (is_resubmission && placeholder == "PIPELINE")) {
      offer_runs();
    } else if (placeholder == "PIPELINE") {
      leave_to_shell(Completion::Kind::pipelines);
    } else if (placeholder.starts_with("FILE")) {
      leave_to_shell(Completion::Kind::files);
    } else if (placeholder.starts_with("FOLDER") || placeholder == "OUT") {
      leave_to_shell(Completion::Kind::folders);
    } else if (placeholder == "STAGE") {
      offer_stages();
    } else if (placeholder.starts_with("STAGE.OPTION=")) {
      offer_settings(line, placeholder.ends_with("VALUES"));
    } else if (placeholder == "ID" || placeholder == "IMAGE") {
      offer_ids(line);
    }
  }

  void leave_to_shell(Completion::Kind kind) {
    result_.kind = kind;
    result_.keep = word_.size() - value_.size();
  }

  // Runs below the folder that the value names so far, and the folders on the way to others.
  void offer_runs() {
    std::size_t const slash = value_.rfind('/');
    std::string const folder = slash == std::string::npos ? "" : value_.substr(0, slash + 1);
    offer_runs_in(folder);
    if (value_.empty()) offer_runs_in("runs/");
    if (result_.candidates.empty()) leave_to_shell(Completion::Kind::folders);
    std::ranges::sort(result_.candidates, {}, &Candidate::text);
  }

  void offer_runs_in(std::string const& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
         !error && entry != end; entry.increment(error)) {
      std::string const name = entry->path().filename().string();
      bool const is_hidden = name.starts_with(".");
      if (is_hidden || !entry->is_directory(error)) continue;
      fs::path const path = entry->path();
      bool const is_inside_run = is_run(path.parent_path()) && name != "variants";
      if (is_run(path) || is_variant(path.lexically_normal())) {
        offer(before_ + folder + name, "run");
      } else if (!is_inside_run) {
        offer(before_ + folder + name + "/");
      }
    }
  }

  void offer_stages() {
    StageCatalog const catalog = default_catalog();
    std::set<std::string> families;
    for (std::string const& name : catalog.names()) {
      offer(before_ + name, catalog.listed(name).summary);
      families.insert(name.substr(0, name.find('.')));
    }
    for (std::string const& family : families) offer(before_ + family, "the stages of a family");
  }

  // "stage.option=value" of the pipeline on the line.
  void offer_settings(UnfinishedLine const& line, bool are_several) {
    auto const uses = stage_uses(line.value_of("PIPELINE"));
    std::size_t const equals = value_.find('='), dot = value_.find('.');
    if (equals != std::string::npos) {
      offer_setting_values(uses, value_.substr(0, equals), equals, are_several);
      return;
    }
    if (dot == std::string::npos) {
      for (auto const& [name, use] : uses) offer(before_ + name + ".", use);
      if (!are_several) offer(before_ + "run.", "settings of the run");
      return;
    }
    std::string const stage = value_.substr(0, dot);
    for (OptionDeclaration const& option : options_of(uses, stage)) {
      offer(before_ + stage + "." + option.name + "=",
            option.help + " (" + describe_option(option) + ")");
    }
  }

  // Of the stage with that name, or of [run].
  std::vector<OptionDeclaration> options_of(
      std::vector<std::pair<std::string, std::string>> const& uses, std::string const& name) {
    std::vector<OptionDeclaration> options;
    if (name == "run") {
      for (RunOption const& option : run_options()) options.push_back(option.declaration);
      return options;
    }
    auto const found = std::ranges::find(uses, name, &std::pair<std::string, std::string>::first);
    if (found == uses.end()) return options;
    if (!catalog_) catalog_.emplace(default_catalog());
    StageDeclaration const* const stage = catalog_->find(found->second).declaration;
    if (stage != nullptr) options = stage->options;
    OptionDeclaration use;
    use.name = "use";
    use.help = "another stage in its place";
    options.push_back(use);
    return options;
  }

  void offer_setting_values(std::vector<std::pair<std::string, std::string>> const& uses,
                            std::string const& key, std::size_t equals, bool are_several) {
    std::size_t const dot = key.find('.');
    if (dot == std::string::npos) return;
    auto const options = options_of(uses, key.substr(0, dot));
    auto const option = std::ranges::find(options, key.substr(dot + 1), &OptionDeclaration::name);
    if (option == options.end()) return;
    // A sweep takes several values, of which the last is to be completed.
    std::size_t const comma = are_several ? value_.rfind(',') : std::string::npos;
    std::size_t const at = comma == std::string::npos || comma < equals ? equals + 1 : comma + 1;
    before_ += value_.substr(0, at);
    value_ = value_.substr(at);
    offer_values_of(*option);
  }

  void offer_values_of(OptionDeclaration const& option) {
    if (option.name == "use") return offer_stages_alone();
    for (std::string const& choice : option.choices) offer(before_ + choice);
    if (option.type == OptionType::boolean) {
      offer(before_ + "true");
      offer(before_ + "false");
    } else if (option.type == OptionType::path) {
      bool const is_file = option.path_kind == PathKind::file;
      leave_to_shell(is_file ? Completion::Kind::files : Completion::Kind::folders);
    } else if (option.choices.empty() && option.default_value && value_.empty()) {
      offer(before_ + toml_text(*option.default_value), "the default");
    }
  }

  void offer_stages_alone() {
    for (std::string const& name : catalog_->names()) {
      offer(before_ + name, catalog_->listed(name).summary);
    }
  }

  // The samples of the run on the line, as its ledger lists them.
  void offer_ids(UnfinishedLine const& line) {
    std::string run = line.value_of("RUN");
    if (run.empty()) run = line.value_of("--out");
    fs::path folder = run;
    if (is_variant(folder.lexically_normal())) folder = folder.parent_path().parent_path();
    std::ifstream ledger(folder / "ledger.jsonl");
    constexpr std::size_t kMost = 2000;
    for (std::string text; result_.candidates.size() < kMost && std::getline(ledger, text);) {
      // Parsing every line of a large run would take too long to wait for.
      if (text.find(value_) == std::string::npos) continue;
      Json const json = Json::parse(text, nullptr, false);
      if (json.is_object()) offer(before_ + json.value("id", ""), json.value("outcome", ""));
    }
  }

  std::vector<Command> const& commands_;
  std::vector<std::string> const& words_;
  std::string word_;            // to be completed
  std::string before_, value_;  // its parts: what stays as it is, and the value
  std::optional<StageCatalog> catalog_;
  Completion result_;
};

char const* text_of(Completion::Kind kind) {
  constexpr char const* kTexts[] = {"words", "files", "folders", "pipelines"};
  return kTexts[static_cast<std::size_t>(kind)];
}

int print_script(std::string const& shell) {
  std::cout << completion_script(shell);
  return kDone;
}

}  // namespace

Completion complete(std::vector<Command> const& commands, std::vector<std::string> const& words) {
  try {
    return Completer(commands, words).complete();
  } catch (std::exception const&) {
    return {};
  }
}

void print_completion(std::vector<Command> const& commands, std::vector<std::string> const& words,
                      std::ostream& out) {
  if (words.empty()) return;
  std::vector<std::string> line(words.begin() + 1, words.end());
  if (words.front() == "--line") {
    line = shell_words(line.empty() ? "" : line.front());
    line.erase(line.begin());
  }
  if (line.empty()) return;
  Completion const completion = complete(commands, line);
  out << text_of(completion.kind) << '\t' << completion.keep << '\t' << line.back() << '\n';
  for (Candidate const& each : completion.candidates) out << each.text << '\t' << each.help << '\n';
}

Command completion_command() {
  auto const shell = std::make_shared<std::string>();
  Command command{.name = "completion",
                  .summary = "Print the script that makes a shell complete seplflow",
                  .run = [shell] { return print_script(*shell); },
                  .examples =
                      "  source <(seplflow completion bash)         in ~/.bashrc\n"
                      "  source <(seplflow completion zsh)          in ~/.zshrc, after compinit\n"
                      "  seplflow completion fish | source          in config.fish\n"};
  Argument& argument =
      command.choice("SHELL", {"bash", "zsh", "fish"}, "bash, zsh or fish", *shell);
  argument.value.clear();
  argument.required = true;
  return command;
}

}  // namespace seplflow::cli
