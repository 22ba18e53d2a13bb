#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/current_work.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// A file that exists but cannot be accessed is not absent.
bool is_absent(fs::path const& file) {
  std::error_code error;
  return fs::status(file, error).type() == fs::file_type::not_found;
}

// A generated data set may have more samples than anybody wants to wait for.
constexpr std::uint64_t kEnoughWithoutFiles = 1000;

// A stage that reads files for each sample, or one wanted output of the source.
struct FileReader {
  PipelineStage const* stage;
  std::size_t output = 0;
  std::string output_name = {};  // of a source
  std::uint64_t missing = 0, samples = 0;
  std::string first = {};            // the id of the first sample without a file
  std::vector<fs::path> tried = {};  // the files that it could have
  // Samples whose files it cannot name, with the first of them and why.
  std::uint64_t failed = 0;
  std::string first_failed = {}, error = {};
};

std::vector<FileReader> file_readers(std::vector<PipelineStage const*> const& stages) {
  std::vector<FileReader> readers;
  for (PipelineStage const* const stage : stages) {
    if (stage->declaration->kind != StageKind::source) {
      if (stage->instance->needs_files()) readers.push_back({stage});
      continue;
    }
    auto const& outputs = stage->declaration->outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      bool const is_needed = stage->wanted[i] && stage->instance->needs_files(i);
      if (is_needed) readers.push_back({stage, i, outputs[i].name});
    }
  }
  return readers;
}

// Returns whether the sample has files, present or not.
bool look_for_files_of(Sample const& sample, FileReader& reader) {
  std::vector<fs::path> files;
  ++reader.samples;
  auto error = error_of([&] {
    CurrentWork const current(*reader.stage, sample.id);
    files = reader.stage->instance->files(reader.output, sample);
  });
  if (error) {
    if (reader.failed++ > 0) return true;
    reader.first_failed = sample.id;
    reader.error = std::move(*error);
    return true;
  }
  if (files.empty()) return false;
  if (!std::ranges::all_of(files, is_absent) || reader.missing++ > 0) return true;
  reader.first = sample.id;
  reader.tried = std::move(files);
  return true;
}

// Keeps the first sample, the last one, and one between a half and all of the way to it, without
// knowing how many there are.
void choose(Sample sample, std::uint64_t place, std::vector<Sample>& chosen) {
  bool const is_power_of_two = (place & (place - 1)) == 0;
  if (chosen.size() < 3) {
    chosen.push_back(std::move(sample));
    return;
  }
  if (is_power_of_two) chosen[1] = std::move(chosen[2]);
  chosen[2] = std::move(sample);
}

// What the folder holds when all files are missing: it may be the wrong folder.
std::string contents_of(fs::path const& folder) {
  constexpr std::size_t kMaxEntries = 1000;
  std::string name;
  std::size_t entries = 0;
  std::error_code ignored;
  for (auto const& entry : fs::directory_iterator(folder, ignored)) {
    std::string const each = entry.path().filename().string();
    if (each.starts_with('.')) continue;
    if (name.empty() || each < name) name = each;
    if (++entries == kMaxEntries) break;
  }
  if (is_absent(folder)) return "; the folder does not exist";
  return name.empty() ? "; the folder is empty" : "; the folder has other files, such as " + name;
}

Problem problem_of(FileReader const& reader) {
  std::string text = label_of(*reader.stage) + ": " + std::to_string(reader.missing) + " of " +
                     std::to_string(reader.samples) + " samples " +
                     (reader.missing == 1 ? "has" : "have") + " no file" +
                     (reader.output_name.empty() ? "" : " for \"" + reader.output_name + "\"") +
                     ", the first is " + reader.first + ": " + reader.tried.front().string();
  fs::path const folder = reader.tried.front().parent_path();
  for (std::size_t i = 1; i < reader.tried.size(); ++i) {
    text += " or " + reader.tried[i].lexically_relative(folder).string();
  }
  return {reader.stage->place,
          text + (reader.missing == reader.samples ? contents_of(folder) : "")};
}

Problem failure_of(FileReader const& reader) {
  std::string const others =
      reader.failed == 1 ? "" : " (and " + std::to_string(reader.failed - 1) + " other samples)";
  return {reader.stage->place, label_of(*reader.stage) + ": sample \"" + reader.first_failed +
                                   "\"" + others + ": " + reader.error};
}

}  // namespace

std::vector<Sample> report_missing_files(std::vector<PipelineStage const*> stages, RunSettings const& run,
                                         VariantProblems& errors, VariantProblems& warnings) {
  std::vector<Sample> chosen;
  auto const others =
      std::stable_partition(stages.begin(), stages.end(), [](PipelineStage const* stage) {
        return stage->declaration->kind == StageKind::source;  // its files come first
      });
  if (others - stages.begin() != 1) return chosen;
  PipelineStage const& source = *stages.front();
  try {
    std::vector<FileReader> readers = file_readers(stages);
    Dealt dealt;
    std::uint64_t count = 0;
    bool any_files = false;
    auto const next = [&] {
      CurrentWork const current(source, "");
      return next_sample(*source.instance, run, dealt);
    };
    while (auto sample = next()) {
      for (FileReader& reader : readers) any_files |= look_for_files_of(*sample, reader);
      choose(std::move(*sample), count++, chosen);
      if (!any_files && count == kEnoughWithoutFiles) break;
    }
    for (FileReader const& reader : readers) {
      bool const skips = reader.stage->on_error.value_or(run.on_error) == OnError::skip;
      VariantProblems& problems = skips ? warnings : errors;
      if (reader.missing > 0) problems.add({problem_of(reader)}, reader.stage->variants);
      if (reader.failed > 0) problems.add({failure_of(reader)}, reader.stage->variants);
    }
  } catch (std::exception const& error) {
    errors.add(
        {{source.place, label_of(source) + " cannot enumerate its samples: " + error.what()}},
        source.variants);
  }
  return chosen;
}

}  // namespace seplflow
