#include "run/replay.hpp"

#include <algorithm>
#include <unordered_map>

#include <seplflow/version.hpp>
#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "pipeline/check.hpp"
#include "pipeline/current_work.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/resume/past_runs.hpp"
#include "run/result_files.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kPipelineFile = "pipeline.toml";
constexpr std::size_t kNamedSamples = 3;

std::string version_in(RunPlace const& place) {
  if (!place.record) return "";
  return text_in(place.record->json.value("versions", Json::object()), "seplflow");
}

// Text of its pipeline, and the file that it is from.
struct PipelineText {
  fs::path file;
  std::string text;
};

// A variant that has not been scored has no file of its own.
PipelineText pipeline_text(RunPlace const& place, StageCatalog const& catalog) {
  fs::path const own = place.folder / kPipelineFile;
  if (place.variant.empty() || exists_as_regular_file(own)) return {own, read_run_file(own)};
  PipelineRequest request;
  request.file = place.sweep / kPipelineFile;
  request.any_number_of_variants = true;
  Pipeline const sweep = parse_pipeline(read_run_file(request.file), request, catalog);
  auto const variant = std::ranges::find(sweep.variants, place.variant, &Variant::name);
  if (variant == sweep.variants.end()) {
    throw UsageError(request.file.string() + " has no variant \"" + place.variant + "\"");
  }
  return {request.file,
          resolved_toml(sweep, static_cast<std::size_t>(variant - sweep.variants.begin()))};
}

// The plugins of the run that are nowhere now.
std::string missing_plugins(RunPlace const& place, StageCatalog const& catalog) {
  std::string text;
  if (!place.record) return text;
  for (Json const& plugin : place.record->json.value("plugins", Json::array())) {
    fs::path const file = text_in(plugin, "path");
    bool const is_known = std::ranges::any_of(catalog.plugins(), [&](auto const& known) {
      return known.file.filename() == file.filename();
    });
    if (!is_known) text += (text.empty() ? "" : ", ") + file.string();
  }
  return text;
}

// What may explain that the pipeline of a run is not valid any longer.
std::string why_invalid(RunPlace const& place, StageCatalog const& catalog) {
  std::string const plugins = missing_plugins(place, catalog), version = version_in(place);
  std::string text;
  if (!plugins.empty()) {
    text += "; the run used the plugin " + plugins +
            ", which is not found now: set SEPLFLOW_PLUGIN_PATH to its folder";
  }
  if (!version.empty() && version != SEPLFLOW_VERSION) {
    text += "; the run was written by seplflow " + version + ", this is " SEPLFLOW_VERSION;
  }
  return text;
}

std::string output_name(PipelineStage const& stage, std::size_t output) {
  bool const is_source = stage.declaration->kind == StageKind::source;
  return is_source ? stage.name + "." + stage.declaration->outputs[output].name : stage.name;
}

// An observer's file of the whole run, of which one sample is no part.
class NoFile final : public RunFile {
 public:
  void write(std::span<std::uint8_t const>) override {}
  fs::path path() override { throw Error("it writes a file of the whole run itself"); }
  RunFile& beside(fs::path const&) override { return *this; }
};

}  // namespace

struct Replay::Memories {
  ContentKeys keys;
  MemoryReader reader;
};

Replay::Replay(ReplayRequest const& request, StageCatalog const& catalog)
    : place_(run_place(request.folder)), catalog_(catalog) {
  if (place_.is_sweep) choose_variant();
  load(request, catalog);
}

Replay::~Replay() = default;

void Replay::choose_variant() {
  RunVariants const variants = variants_in(*place_.record);
  if (!variants.best) {
    std::string const found = variants_text(place_.folder, variants);
    throw UsageError(place_.folder.string() +
                     " is a sweep without a best variant; name one of its variants" +
                     (found.empty() ? " (" + (place_.folder / "variants/NAME").string() + ")"
                                    : found));
  }
  place_.sweep = place_.folder;
  place_.variant = variants.names[*variants.best];
  place_.folder /= fs::path("variants") / place_.variant;
  place_.is_sweep = false;
  chose_best_ = true;
}

void Replay::load(ReplayRequest const& request, StageCatalog const& catalog) {
  try {
    PipelineText const text = pipeline_text(place_, catalog);
    PipelineRequest parsed;
    parsed.file = text.file;
    parsed.overrides = request.overrides;
    pipeline_ = parse_pipeline(text.text, parsed, catalog);
  } catch (PipelineError const& error) {
    std::vector<Problem> problems = error.problems();
    problems.front().message += why_invalid(place_, catalog);
    throw PipelineError(std::move(problems));
  }
}

std::string Replay::what_differs() const {
  if (!place_.record) return "";
  std::string const version = version_in(place_);
  if (!version.empty() && version != SEPLFLOW_VERSION) {
    return "the run was written by seplflow " + version + ", this is " SEPLFLOW_VERSION;
  }
  Json const versions = place_.record->json.value("versions", Json::object());
  std::string differing;
  if (text_in(versions, "library") != framework_hash()) differing = "the program";
  auto const hashes = plugin_hashes(pipeline_, catalog_);
  for (Json const& plugin : place_.record->json.value("plugins", Json::array())) {
    bool const is_same = std::ranges::any_of(
        hashes, [&](auto const& each) { return each.second == text_in(plugin, "xxh128"); });
    fs::path const file = text_in(plugin, "path");
    // In a variant, the plugins of stages that only others use do not count.
    bool const is_used = std::ranges::any_of(catalog_.plugins(), [&](auto const& known) {
      return known.file.filename() == file.filename() &&
             std::ranges::any_of(known.stages, [&](auto const& s) { return hashes.contains(s); });
    });
    if (!is_same && is_used) {
      differing += (differing.empty() ? "" : ", ") + file.filename().string();
    }
  }
  return differing.empty() ? "" : "since the run, these were built anew: " + differing;
}

std::vector<SampleValues> Replay::samples(std::vector<std::string> const& ids) {
  std::size_t const s = pipeline_.source_index();
  PipelineStage& source = pipeline_.stages[s];
  if (is_source_used_) source.instance = configured_anew(source);
  is_source_used_ = true;
  std::unordered_map<std::string, std::optional<Sample>> wanted;
  for (std::string const& id : ids) wanted[id];
  std::size_t missing = wanted.size();
  std::vector<std::string> known;
  Dealt dealt;
  while (missing > 0) {
    std::optional<Sample> sample;
    auto const error = error_of([&] {
      CurrentWork const current(source, "");
      sample = next_sample(*source.instance, pipeline_.run, dealt);
    });
    if (error) throw UsageError(label_of(source) + " cannot enumerate its samples: " + *error);
    if (!sample) break;
    known.push_back(sample->id);
    auto const found = wanted.find(sample->id);
    if (found == wanted.end() || found->second) continue;
    found->second = std::move(*sample);
    --missing;
  }
  std::vector<SampleValues> samples;
  for (std::string const& id : ids) {
    if (!wanted[id]) refuse_unknown(id, known);
    samples.emplace_back(pipeline_, *wanted[id]);
  }
  return samples;
}

void Replay::refuse_unknown(std::string const& id, std::vector<std::string> const& known) const {
  std::string text = place_.folder.string() + " has no sample \"" + id + "\"";
  auto const& skip = pipeline_.run.skip;
  if (std::ranges::find(skip, id) != skip.end()) {
    throw UsageError(text + ": the run left it out (skip)");
  }
  std::string const similar = did_you_mean(id, known);
  if (!similar.empty()) throw UsageError(text + similar);
  text += "; it has " + counted(known.size(), "sample");
  for (std::size_t i = 0; i < std::min(known.size(), kNamedSamples); ++i) {
    text += (i == 0 ? ": \"" : ", \"") + known[i] + "\"";
  }
  throw UsageError(text + (known.size() > kNamedSamples ? ", ..." : ""));
}

std::vector<std::string> Replay::changed_inputs(Sample const& sample) {
  std::vector<std::string> changed;
  if (!memories_) {
    fs::path const& run = place_.sweep.empty() ? place_.folder : place_.sweep;
    std::vector<std::string> damaged;  // of these nothing is known
    memories_.reset(new Memories{{pipeline_, plugin_hashes(pipeline_, catalog_)},
                                 LedgerFiles::read(run, kLedger, damaged)});
    memories_->reader.index();
  }
  auto const memory = memories_->reader.find(sample.id);
  if (!memory) return changed;
  for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
    PipelineStage const& stage = pipeline_.stages[s];
    std::size_t const outputs =
        stage.declaration->kind == StageKind::source ? stage.wanted.size() : 1;
    for (std::size_t output = 0; output < outputs; ++output) {
      auto const* const entry = memory->find(memories_->keys[Part{s, output}]);
      std::vector<fs::path> files;
      // A stage that cannot name its files fails on the sample, which is reported there.
      error_of([&] { files = stage.instance->files(output, sample); });
      if (!entry || files.empty()) continue;
      if (entry->stamp != file_stamp(files, stage.files_read)) {
        changed.push_back(output_name(stage, output));
      }
    }
  }
  return changed;
}

std::optional<Row> row_of(SampleValues& values, std::size_t observer) {
  PipelineStage const& stage = values.pipeline().stages[observer];
  // The row of a stage that keeps a state depends on all samples before.
  if (stage.columns.empty() || stage.declaration->keeps_state) return std::nullopt;
  Value const record = values.value({observer, 0});
  if (!record) return std::nullopt;
  NoFile file;
  Row row = configured_anew(stage)->fold(values.sample(), record.get(), file);
  if (row.empty()) return std::nullopt;
  require_row(stage, row);
  return row;
}

}  // namespace seplflow
