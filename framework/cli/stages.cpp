#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include <seplflow/detail/descriptor.hpp>
#include "catalog/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/screen.hpp"
#include "cli/stage_text.hpp"
#include "pipeline/problem.hpp"

namespace seplflow::cli {
namespace {

struct StagesArguments {
  std::string name;
  bool json = false, schema = false;
  std::string markdown;
};

std::vector<std::string> names_in(StageCatalog const& catalog, std::string const& family) {
  std::vector<std::string> names = catalog.names();
  std::erase_if(names, [&](auto const& name) { return !name.starts_with(family + "."); });
  return names;
}

// Lines of any length in a pipe, else such as can be read.
std::size_t line_width() {
  Screen const screen = screen_of(STDOUT_FILENO);
  return screen.width == 0 ? 0 : screen.text_width();
}

void list(StageCatalog const& catalog, std::vector<std::string> const& names) {
  std::size_t column = 0;
  for (std::string const& name : names) column = std::max(column, name.size() + 2);
  for (std::string const& name : names) {
    auto const stage = catalog.listed(name);
    std::string line = name;
    line.resize(column, ' ');
    line +=
        stage.missing_library.empty() ? stage.summary : "not built: needs " + stage.missing_library;
    std::cout << wrapped(line, line_width(), column) << '\n';
    if (stage.files.size() < 2) continue;
    std::cout << "  cannot be used because several plugins define it:";
    for (auto const& file : stage.files) std::cout << ' ' << file.string();
    std::cout << '\n';
  }
  std::cout << "\nRun \"seplflow stages NAME\" for details.\n";
}

void list_rejected(StageCatalog const& catalog) {
  if (catalog.rejected().empty()) return;
  std::cout << "\nRejected plugins:\n";
  for (auto const& rejected : catalog.rejected()) {
    std::cout << "  " << rejected.file.string() << ": " << rejected.reason << '\n';
  }
}

// Those whose name begins so.
Json stages_json(StageCatalog const& catalog, std::string const& prefix = "") {
  Json stages = Json::array();
  for (StageDeclaration const* const stage : catalog.all()) {
    if (stage->name.starts_with(prefix)) stages.push_back(stage_json(*stage));
  }
  return stages;
}

Json catalog_json(StageCatalog const& catalog) {
  Json stages = stages_json(catalog);
  Json plugins = Json::array(), rejected = Json::array();
  for (auto const& plugin : catalog.plugins()) {
    plugins.push_back({{"path", plugin.file.string()},
                       {"abi", abi_text(plugin.abi_major, plugin.abi_minor)},
                       {"version", plugin.version},
                       {"seplflow", plugin.seplflow},
                       {"stages", plugin.stages}});
  }
  for (auto const& each : catalog.rejected()) {
    rejected.push_back({{"path", each.file.string()}, {"stage", each.stage}, {"reason", each.reason}});
  }
  return {{"stages", stages}, {"plugins", plugins}, {"rejected", rejected}};
}

int write_pages(StageCatalog const& catalog, std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  for (StageDeclaration const* const stage : catalog.all()) {
    auto const file = folder / (stage->name + ".md");
    std::ofstream page(file, std::ios::binary);
    page << stage_page(*stage);
    if (!page.flush()) throw Error("cannot write " + file.string());
  }
  return kDone;
}

void list_family(StageCatalog const& catalog, StagesArguments const& arguments) {
  auto const names = names_in(catalog, arguments.name);
  for (auto const& rejected : catalog.rejected()) {
    if (rejected.stage == arguments.name) {
      throw UsageError("\"" + arguments.name + "\" cannot be used: " + rejected.file.string() +
                       ": " + rejected.reason);
    }
  }
  if (names.empty()) {
    std::string const hint = did_you_mean(arguments.name, catalog.names());
    throw UsageError("there is no stage \"" + arguments.name + "\"" +
                     (hint.empty() ? "; run \"seplflow stages\" for the list" : hint) +
                     catalog.rejected_hint());
  }
  if (arguments.json) {
    std::cout << json_text(stages_json(catalog, arguments.name + "."), 2) << '\n';
  } else {
    list(catalog, names);
  }
}

void describe_one(StageCatalog const& catalog, StagesArguments const& arguments) {
  auto const found = catalog.find(arguments.name);
  if (!found.declaration) return list_family(catalog, arguments);
  if (arguments.json) {
    std::cout << json_text(stage_json(*found.declaration), 2) << '\n';
  } else {
    std::cout << wrapped(stage_description(*found.declaration), line_width());
  }
}

int stages(StagesArguments const& arguments) {
  StageCatalog const catalog = catalog_with_warnings();
  if (!arguments.markdown.empty()) return write_pages(catalog, arguments.markdown);
  if (arguments.schema) {
    std::cout << json_text(pipeline_schema(catalog), 2) << '\n';
  } else if (!arguments.name.empty()) {
    describe_one(catalog, arguments);
  } else if (arguments.json) {
    std::cout << json_text(catalog_json(catalog), 2) << '\n';
  } else {
    list(catalog, catalog.names());
    list_rejected(catalog);
  }
  return kDone;
}

}  // namespace

Command stages_command() {
  auto const arguments = std::make_shared<StagesArguments>();
  Command command{.name = "stages",
                  .summary = "List the available stages, or describe one",
                  .run = [arguments] { return stages(*arguments); },
                  .examples =
                      "  seplflow stages\n"
                      "  seplflow stages sepl\n"
                      "  seplflow stages sepl.select\n"};
  command
      .positional("NAME", "a stage, such as sepl.select, or a family, such as sepl",
                  arguments->name)
      .completes = "STAGE";
  command.flag("--json", "print JSON", arguments->json);
  command.flag("--schema", "print a JSON Schema of pipeline files, for editors", arguments->schema);
  command.option("--markdown", "FOLDER", "write a manual page for each stage into this folder",
                 arguments->markdown);
  return command;
}

}  // namespace seplflow::cli
