// Reads any text as a pipeline file. The result must be errors, or a pipeline that survives being
// written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dataset/stages.hpp"
#include "eval/stages.hpp"
#include "pipeline/pipeline.hpp"
#include "sepl/stages.hpp"

namespace {

using namespace seplflow;

// Stages that read no files.
StageCatalog make_catalog() {
  Plugin plugin;
  dataset::declare_scenes(plugin);
  sepl::declare_assign(plugin);
  sepl::declare_select(plugin);
  sepl::declare_reference(plugin);
  eval::declare_miou(plugin);
  eval::declare_reference_csv(plugin);
  return StageCatalog({}, plugin.finish().declared);
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static StageCatalog const catalog = make_catalog();
  PipelineRequest request;
  request.file = "fuzz.toml";
  request.working_folder = "/";
  request.environment = [](std::string const& name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    return std::nullopt;
  };
  try {
    std::string const text(reinterpret_cast<char const*>(data), size);
    std::string const resolved = resolved_toml(parse_pipeline(text, request, catalog));
    require(resolved_toml(parse_pipeline(resolved, request, catalog)) == resolved);
  } catch (PipelineError const& error) {
    require(!error.problems().empty());
  }
  return 0;
}
