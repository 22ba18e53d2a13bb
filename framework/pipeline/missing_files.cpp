#include "pipeline/missing_files.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "pipeline/draft.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// What no permission hides may be there.
bool is_absent(fs::path const& file) {
  std::error_code error;
  return fs::status(file, error).type() == fs::file_type::not_found;
}

// A place that files are read in: a wanted output of the source, or another stage.
struct Reader {
  std::size_t stage, output;
  std::string output_name;  // of a source; else empty
  std::uint64_t missing = 0, samples = 0;
  std::string first = {};            // the id of the first sample without a file
  std::vector<fs::path> tried = {};  // its file, and the others that would do
};

std::vector<Reader> readers_of(std::vector<PipelineStage const*> const& stages) {
  std::vector<Reader> readers;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    PipelineStage const& stage = *stages[s];
    if (!stage.instance->needs_files()) continue;
    if (stage.declaration->kind != StageKind::source) {
      readers.push_back({s, 0, ""});
      continue;
    }
    auto const& outputs = stage.declaration->outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (stage.wanted[i]) readers.push_back({s, i, outputs[i].name});
    }
  }
  return readers;
}

void look(PipelineStage const& stage, Sample const& sample, Reader& reader) {
  std::vector<fs::path> files = stage.instance->files(reader.output, sample);
  ++reader.samples;
  if (files.empty() || !std::ranges::all_of(files, is_absent)) return;
  if (reader.missing++ > 0) return;
  reader.first = sample.id;
  reader.tried = std::move(files);
}

// What is there instead, where all files are missing: the wrong folder, or files for another stage.
std::string instead(fs::path const& folder) {
  constexpr std::size_t kLookedAt = 1000;
  std::string name;
  std::size_t looked_at = 0;
  std::error_code ignored;
  for (auto const& entry : fs::directory_iterator(folder, ignored)) {
    std::string const each = entry.path().filename().string();
    if (each.starts_with('.')) continue;
    if (name.empty() || each < name) name = each;
    if (++looked_at == kLookedAt) break;
  }
  if (is_absent(folder)) return "; there is no such folder";
  return name.empty() ? "; that folder is empty" : "; that folder has others, such as " + name;
}

std::string message_of(Reader const& reader, PipelineStage const& stage) {
  std::string text = owner(stage) + ": " + std::to_string(reader.missing) + " of " +
                     std::to_string(reader.samples) + " samples have no file" +
                     (reader.output_name.empty() ? "" : " of \"" + reader.output_name + "\"") +
                     ", the first " + reader.first + ": " + reader.tried.front().string();
  fs::path const folder = reader.tried.front().parent_path();
  for (std::size_t i = 1; i < reader.tried.size(); ++i) {
    text += " or " + reader.tried[i].lexically_relative(folder).string();
  }
  return text + (reader.missing == reader.samples ? instead(folder) : "");
}

}  // namespace

std::vector<MissingFiles> missing_files(std::vector<PipelineStage const*> const& stages,
                                        RunSettings const& run) {
  std::vector<Reader> readers = readers_of(stages);
  for (std::int64_t index = 0; !run.limit || index < *run.limit; ++index) {
    std::optional<Sample> sample = stages.front()->instance->next();
    if (!sample) break;
    sample->index = static_cast<std::uint64_t>(index);
    if (index % run.shard.count != run.shard.index) continue;
    for (Reader& reader : readers) look(*stages[reader.stage], *sample, reader);
  }
  std::vector<MissingFiles> missing;
  for (Reader const& reader : readers) {
    if (reader.missing > 0) {
      missing.push_back({reader.stage, message_of(reader, *stages[reader.stage])});
    }
  }
  return missing;
}

}  // namespace seplflow
