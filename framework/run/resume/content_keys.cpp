#include "run/resume/content_keys.hpp"

#include <dlfcn.h>

#include <algorithm>

#include <seplflow/bytes.hpp>
#include "catalog/python/python_stages.hpp"
#include "pipeline/option_text.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {

std::map<std::string, std::string> plugin_hashes(Pipeline const& pipeline,
                                                 StageCatalog const& catalog) {
  std::map<std::string, std::string> hashes;
  for (PipelineStage const& stage : pipeline.stages) hashes[stage.declaration->name];
  for (auto const& plugin : catalog.plugins()) {
    std::string hash;
    for (std::string const& stage : plugin.stages) {
      auto const used = hashes.find(stage);
      if (used == hashes.end()) continue;
      if (hash.empty()) hash = file_hash(plugin.file);
      used->second = hash;
    }
  }
  return hashes;
}

std::string framework_hash() {
  Dl_info library{};
  if (::dladdr(reinterpret_cast<void const*>(&why_unsafe_id), &library) == 0) return "";
  return file_hash(library.dli_fname);
}

ContentKeys::ContentKeys(Pipeline const& pipeline,
                         std::map<std::string, std::string> const& plugin_hashes)
    : pipeline_(pipeline) {
  static std::string const framework = framework_hash();
  for (PipelineStage const& stage : pipeline.stages) {
    auto const plugin = plugin_hashes.find(stage.declaration->name);
    keys_.push_back(
        key_of(stage, framework + (plugin == plugin_hashes.end() ? "" : plugin->second)));
  }
}

std::uint64_t ContentKeys::operator[](Part const& part) const {
  StageDeclaration const& declaration = *pipeline_.stages[part.stage].declaration;
  if (declaration.outputs.empty()) return keys_[part.stage];
  return fingerprint(
      ByteWriter().count(keys_[part.stage]).text(declaration.outputs[part.output].name).take());
}

std::uint64_t ContentKeys::key_of(PipelineStage const& stage,
                                  std::string const& plugin_hash) const {
  StageDeclaration const& declaration = *stage.declaration;
  bool const is_source = declaration.kind == StageKind::source;
  ByteWriter bytes;
  bytes.text(declaration.name + "\n" +
             options_text(declaration, *stage.instance, can_change_results));
  bytes.text(plugin_hash);
  for (std::size_t i = 0; i < declaration.options.size(); ++i) {
    OptionDeclaration const& option = declaration.options[i];
    // The files of a source list its samples, and each sample has a key of its own.
    if (option.type != OptionType::path || option.path_kind != PathKind::file || is_source)
      continue;
    auto const value = stage.instance->option(i);
    if (value) bytes.count(file_stamp({std::get<std::string>(*value)}, stage.files_read));
  }
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    auto const& input = stage.inputs[i];
    bytes.count(stage.depends_on(i) ? (*this)[Part{input->stage, input->output}] : 0);
  }
  return fingerprint(bytes.take());
}

}  // namespace seplflow
