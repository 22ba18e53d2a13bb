#include <fstream>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/stage_text.hpp"
#include "pipeline/problem.hpp"
#include "plugin/entry.hpp"

namespace seplflow::cli {
namespace {

struct StagesArguments {
  std::string name;
  bool json = false, schema = false;
  std::string markdown;
};

void list(StageCatalog const& catalog) {
  std::size_t widest = 0;
  for (std::string const& name : catalog.names()) widest = std::max(widest, name.size());
  for (std::string const& name : catalog.names()) {
    auto const found = catalog.find(name);
    StageDeclaration const& stage = *found.declaration;
    std::cout << name << std::string(widest - name.size() + 2, ' ')
              << (stage.lacks.empty() ? stage.summary : "not built: needs " + stage.lacks) << '\n';
    if (found.files.size() < 2) continue;
    std::cout << "  cannot be used, several plugins define it:";
    for (auto const& file : found.files) std::cout << ' ' << file.string();
    std::cout << '\n';
  }
  std::cout << "\n\"seplflow stages NAME\" tells more of one.\n";
  if (catalog.rejected().empty()) return;
  std::cout << "\nRejected plugins:\n";
  for (auto const& rejected : catalog.rejected()) {
    std::cout << "  " << rejected.file.string() << ": " << rejected.reason << '\n';
  }
}

Json catalog_json(StageCatalog const& catalog) {
  Json stages = Json::array(), plugins = Json::array(), rejected = Json::array();
  for (std::string const& name : catalog.names()) {
    stages.push_back(stage_json(*catalog.find(name).declaration));
  }
  for (auto const& plugin : catalog.plugins()) {
    plugins.push_back({{"path", plugin.file.string()},
                       {"abi", abi_text(plugin.abi_major, plugin.abi_minor)},
                       {"version", plugin.version},
                       {"stages", plugin.stages}});
  }
  for (auto const& each : catalog.rejected()) {
    rejected.push_back({{"path", each.file.string()}, {"reason", each.reason}});
  }
  return {{"stages", stages}, {"plugins", plugins}, {"rejected", rejected}};
}

int write_pages(StageCatalog const& catalog, std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  for (std::string const& name : catalog.names()) {
    std::ofstream page(folder / (name + ".md"), std::ios::binary);
    page << stage_page(*catalog.find(name).declaration);
    if (!page.flush()) throw Error("cannot write " + (folder / (name + ".md")).string());
  }
  return kDone;
}

int describe_one(StageCatalog const& catalog, StagesArguments const& arguments) {
  auto const found = catalog.find(arguments.name);
  if (!found.declaration) {
    std::cerr << "error: there is no stage \"" << arguments.name << "\""
              << did_you_mean(arguments.name, catalog.names()) << '\n';
    return kUsage;
  }
  if (arguments.json) {
    std::cout << json_text(stage_json(*found.declaration), 2) << '\n';
  } else {
    std::cout << stage_description(*found.declaration);
  }
  return kDone;
}

int stages(StagesArguments const& arguments) {
  StageCatalog const catalog(default_plugin_places());
  if (!arguments.markdown.empty()) return write_pages(catalog, arguments.markdown);
  if (arguments.schema) {
    std::cout << json_text(pipeline_schema(catalog), 2) << '\n';
  } else if (!arguments.name.empty()) {
    return describe_one(catalog, arguments);
  } else if (arguments.json) {
    std::cout << json_text(catalog_json(catalog), 2) << '\n';
  } else {
    list(catalog);
  }
  return kDone;
}

}  // namespace

void add_stages(CLI::App& app, Action& action) {
  auto* const command =
      app.add_subcommand("stages", "List the stages that pipelines are made of, or describe one");
  auto const arguments = std::make_shared<StagesArguments>();
  command->add_option("NAME", arguments->name, "a stage, for example sepl.select");
  command->add_flag("--json", arguments->json, "as JSON");
  command->add_flag("--schema", arguments->schema, "a JSON Schema of pipeline files, for editors");
  command->add_option("--markdown", arguments->markdown, "write a manual page of each to a folder");
  command->footer("");
  command->callback([&action, arguments] { action = [arguments] { return stages(*arguments); }; });
}

}  // namespace seplflow::cli
