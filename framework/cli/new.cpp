#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/plugin_template.hpp"
#include "pipeline/option_text.hpp"
#include "plugin/stage_name.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct NewArguments {
  std::string what, folder, name, kind = "transform";
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

// A word of a command line for bash.
std::string quoted_word(std::string const& word) {
  constexpr char const* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%:,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (char const letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

int create(NewArguments const& arguments) {
  if (arguments.what != "plugin") {
    throw UsageError("expected \"plugin\" after \"new\", got " + toml_string(arguments.what) +
                     "; write seplflow new plugin FOLDER --name FAMILY.STAGE");
  }
  require_new_stage(arguments.name);
  fs::path const folder = arguments.folder;
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

}  // namespace

Command new_command() {
  auto const arguments = std::make_shared<NewArguments>();
  Command command{.name = "new",
                  .summary = "Create a folder with a plugin of your own, to start from",
                  .run = [arguments] { return create(*arguments); },
                  .examples =
                      "  seplflow new plugin sure --name lab.sure\n"
                      "  seplflow new plugin bridges --name lab.bridges --kind source\n"};
  command.positional("plugin", "the word \"plugin\"", arguments->what).required = true;
  command.positional("FOLDER", "a folder that does not exist or is empty", arguments->folder)
      .required = true;
  command.option("--name", "FAMILY.STAGE", "name of the stage, in lower case", arguments->name);
  command.choice("--kind", {"source", "transform", "observer", "sink"},
                 "kind of the stage (default transform)", arguments->kind);
  return command;
}

}  // namespace seplflow::cli
