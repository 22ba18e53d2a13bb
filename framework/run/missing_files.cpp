#include "run/missing_files.hpp"

#include <algorithm>

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// What no permission hides may be there.
bool is_absent(fs::path const& file) {
  std::error_code error;
  return fs::status(file, error).type() == fs::file_type::not_found;
}

// The places that files are read in: each wanted output of the source, each other stage.
struct Reader {
  std::size_t stage, output;
  MissingFiles missing;
};

std::vector<Reader> readers(Pipeline const& pipeline) {
  std::vector<Reader> readers;
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    PipelineStage const& stage = pipeline.stages[s];
    if (!stage.instance->needs_files()) continue;
    if (stage.declaration->kind != StageKind::source) {
      readers.push_back({s, 0, {s, "", 0, 0, "", {}}});
      continue;
    }
    auto const& outputs = stage.declaration->outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (stage.wanted[i]) readers.push_back({s, i, {s, outputs[i].name, 0, 0, "", {}}});
    }
  }
  return readers;
}

void look(PipelineStage const& stage, Sample const& sample, Reader& reader) {
  MissingFiles& missing = reader.missing;
  std::vector<fs::path> files = stage.instance->files(reader.output, sample);
  ++missing.of;
  if (files.empty() || !std::ranges::all_of(files, is_absent)) return;
  if (missing.samples++ > 0) return;
  missing.first = sample.id;
  missing.tried = std::move(files);
}

}  // namespace

std::string MissingFiles::text(Pipeline const& pipeline) const {
  PipelineStage const& reader = pipeline.stages[stage];
  std::string text = "stage \"" + reader.name + "\" (" + reader.declaration->name + ")" +
                     pipeline.some_variant(reader) + ": " + std::to_string(samples) + " of " +
                     std::to_string(of) + " samples have no file" +
                     (output.empty() ? "" : " of \"" + output + "\"") + ", the first " + first +
                     ": " + tried.front().string();
  fs::path const folder = tried.front().parent_path();
  for (std::size_t i = 1; i < tried.size(); ++i) {
    text += " or " + tried[i].lexically_relative(folder).string();
  }
  return text;
}

std::vector<MissingFiles> missing_files(Pipeline const& pipeline) {
  std::vector<Reader> all = readers(pipeline);
  PipelineStage const& source = pipeline.source();
  RunSettings const& run = pipeline.run;
  for (std::int64_t index = 0; !run.limit || index < *run.limit; ++index) {
    std::optional<Sample> sample = source.instance->next();
    if (!sample) break;
    sample->index = static_cast<std::uint64_t>(index);
    if (index % run.shard.count != run.shard.index) continue;
    for (Reader& reader : all) look(pipeline.stages[reader.stage], *sample, reader);
  }
  std::vector<MissingFiles> missing;
  for (Reader& reader : all) {
    if (reader.missing.samples > 0) missing.push_back(std::move(reader.missing));
  }
  return missing;
}

}  // namespace seplflow
