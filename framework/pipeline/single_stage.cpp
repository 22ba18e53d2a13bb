#include "pipeline/single_stage.hpp"

#include <algorithm>

#include "pipeline/check.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

toml::table parsed_options(std::shared_ptr<SourceText const> const& source) {
  try {
    return parsed_toml(source->text, source->name);
  } catch (toml::parse_error const& error) {
    auto const& place = error.source().begin;
    throw PipelineError({{{source, place.line, place.column}, syntax_error(error, *source)}});
  }
}

}  // namespace

PipelineStage single_stage(std::string const& use, std::string const& options,
                           std::vector<std::string> const& connected,
                           std::vector<std::string> const& requested, StageCatalog const& catalog,
                           std::vector<Problem>& warnings) {
  auto const source = std::make_shared<SourceText>(
      SourceText{use, "use = " + toml_string(use) + "\n" + options});
  toml::table const table = parsed_options(source);
  Setting whole;
  whole.place = whole.value_place = {source};
  whole.value = &table;
  whole.base = std::filesystem::current_path();
  StageEntry const entry{use, {source}, settings_of(whole)};
  Environment const environment = process_environment();
  std::vector<Problem> problems;
  Draft draft;
  draft.entry = &entry;
  draft.stage.name = use;
  draft.stage.place = entry.place;
  draft.stage.declaration = find_declaration(entry, catalog, environment, problems);
  if (!problems.empty()) throw PipelineError(std::move(problems));
  for (Port const& port : draft.stage.declaration->inputs) {
    bool const is_connected = !port.optional || std::ranges::count(connected, port.name) > 0;
    draft.stage.inputs.push_back(is_connected ? std::optional(PipelineStage::Input{0, 0})
                                              : std::nullopt);
  }
  for (Port const& port : draft.stage.declaration->outputs) {
    draft.stage.wanted.push_back(!port.optional || std::ranges::count(requested, port.name) > 0);
  }
  configure_stage(draft, environment, problems, warnings);
  if (!problems.empty()) throw PipelineError(std::move(problems));
  return std::move(draft.stage);
}

}  // namespace seplflow
