#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/new_pipeline.hpp"
#include "cli/plugin_template.hpp"
#include "cli/shell_words.hpp"
#include "pipeline/option_text.hpp"
#include "plugin/stage_name.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct NewArguments {
  std::string what, path, name, kind;
  Answers answers;
  bool unchecked = false;
};

StageKind kind_called(std::string const& name) {
  for (StageKind const kind : {StageKind::source, StageKind::observer, StageKind::sink}) {
    if (to_string(kind) == name) return kind;
  }
  return StageKind::transform;
}

// A name that is free, and that the declaration of the stage will accept.
void require_new_stage(std::string const& name) {
  if (name.empty()) {
    throw UsageError("--name is missing: the stage's name, such as --name lab.sure");
  }
  if (!is_stage_type(name)) {
    throw UsageError(
        "option \"--name\": expected a name of the form family.stage, of lower-case "
        "letters, digits and \"_\", such as \"lab.sure\"; got " +
        toml_string(name));
  }
  auto const known = catalog_with_warnings().listed(name);
  if (known.files.empty()) return;
  throw UsageError("option \"--name\": there is a stage \"" + name + "\" in " +
                   known.files.front().string() +
                   "; choose another name, with a family of your own");
}

void require_empty(fs::path const& folder) {
  std::error_code error;
  auto const status = fs::status(folder, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    throw UsageError("\"" + folder.string() + "\" is a file; choose the name of a new folder");
  }
  if (!fs::is_empty(folder, error) || error) {
    throw UsageError("the folder \"" + folder.string() + "\" is not empty; choose a new one");
  }
}

void write_file(fs::path const& file, std::string const& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) return;
  throw Error("cannot write \"" + file.string() + "\"" + (error ? ": " + error.message() : ""));
}

// For messages: the prefix of the install that this program belongs to, or a word for it.
std::string prefix_text() {
  std::error_code error;
  fs::path const prefix = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  bool const is_installed = fs::exists(prefix / "include/seplflow", error);
  return is_installed ? prefix.string() : "PREFIX";
}

// Refuses the options that belong to the other thing that can be new.
void require_unset(std::string const& option, bool is_set, std::string const& owner) {
  if (!is_set) return;
  throw UsageError("option \"--" + option + "\" is one of \"seplflow new " + owner + "\"");
}

int create_new_pipeline(NewArguments const& arguments) {
  require_unset("name", !arguments.name.empty(), "plugin");
  require_unset("kind", !arguments.kind.empty(), "plugin");
  return create_pipeline(arguments.path, arguments.answers, arguments.unchecked);
}

int create_plugin(NewArguments const& arguments) {
  for (auto const& [question, answer] : arguments.answers) {
    require_unset(question, !answer.empty(), "pipeline");
  }
  require_unset("unchecked", arguments.unchecked, "pipeline");
  require_new_stage(arguments.name);
  fs::path const folder = arguments.path;
  require_empty(folder);
  for (auto const& [path, text] : new_plugin(arguments.name, kind_called(arguments.kind))) {
    write_file(folder / path, text);
  }
  std::cout << "Created the plugin " << target_of(arguments.name) << " with the stage "
            << arguments.name << " in " << folder.string() << ". To build, test and run it:\n\n"
            << "  cd " << quoted_word(folder.string()) << "\n"
            << "  cmake -S . -B build -DCMAKE_PREFIX_PATH=" << quoted_word(prefix_text()) << "\n"
            << "  cmake --build build\n"
            << "  ctest --test-dir build --output-on-failure\n"
            << "  SEPLFLOW_PLUGIN_PATH=build seplflow run pipeline.toml\n";
  if (prefix_text() == "PREFIX") {
    std::cout << "\nPREFIX is the folder that seplflow is installed in (cmake --install).\n";
  }
  return kDone;
}

// The option that answers a question.
void add_question(Command& command, Question const& question, std::string& value) {
  std::string const option = "--" + question.name, 
                    condition = question.condition.empty() ? "" : ", " + question.condition,
                    help = "pipeline" + condition + ": " + question.help;
  if (!question.placeholder.empty()) {
    command.option(option, question.placeholder, help, value);
    return;
  }
  std::vector<std::string> names;
  std::string list;
  for (Choice const& choice : question.choices({})) {
    names.push_back(choice.name);
    list += (list.empty() ? "" : ", ") + choice.name;
  }
  Argument& argument = command.choice(option, names, help, value);
  constexpr std::size_t kWidestPlaceholder = 40;
  if (argument.value.size() <= kWidestPlaceholder) return;
  argument.help += ": " + list;
  argument.value = "NAME";
}

}  // namespace

Command new_command() {
  auto const arguments = std::make_shared<NewArguments>();
  Command command{
      .name = "new",
      .summary = "Create a pipeline for what you have, or a folder with a plugin of your own",
      .run =
          [arguments] {
            return arguments->what == "pipeline" ? create_new_pipeline(*arguments)
                                                 : create_plugin(*arguments);
          },
      .examples =
          "  seplflow new pipeline mine.toml\n"
          "  seplflow new pipeline try.toml --data scenes\n"
          "  seplflow new plugin sure --name lab.sure\n"
          "  seplflow new plugin bridges --name lab.bridges --kind source\n"};
  Argument& what = command.choice("WHAT", {"pipeline", "plugin"}, "pipeline or plugin",
                                  arguments->what);
  what.value.clear();
  what.required = true;
  Argument& path = command.positional(
      "PATH", "of the pipeline: a new file; of the plugin: a folder that is new or empty",
      arguments->path);
  path.required = true;
  path.completes = "FILE";
  for (Question const& question : questions()) {
    add_question(command, question, arguments->answers[question.name]);
  }
  command.flag("--unchecked", "pipeline: write it even if check finds errors in it",
               arguments->unchecked);
  command.option("--name", "FAMILY.STAGE", "plugin: name of the stage, in lower case",
                 arguments->name);
  command.choice("--kind", {"source", "transform", "observer", "sink"},
                 "plugin: kind of the stage (default transform)", arguments->kind);
  return command;
}

}  // namespace seplflow::cli
