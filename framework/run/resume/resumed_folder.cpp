#include "run/resume/resumed_folder.hpp"

#include <algorithm>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "pipeline/run_settings.hpp"
#include "pipeline/setting_text.hpp"
#include "run/class_table.hpp"
#include "run/log.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// As TOML; empty without one.
std::string value_of(std::vector<SettingText> const& settings, std::string const& stage,
                     std::string const& key) {
  auto const found = std::ranges::find_if(
      settings, [&](SettingText const& each) { return each.stage == stage && each.key == key; });
  return found == settings.end() ? "" : found->value;
}

bool is_sweep(std::vector<SettingText> const& settings) {
  return std::ranges::any_of(settings, [](SettingText const& each) {
    return each.stage == "sweep" || each.stage == "variants";
  });
}

bool is_stage(std::string const& table) {
  return !table.empty() && table != "run" && table != "sweep" && table != "variants";
}

std::set<std::string> stages_in(std::vector<SettingText> const& settings) {
  std::set<std::string> names;
  for (SettingText const& each : settings) {
    // Files are removed by these names, and anybody may have edited pipeline.toml.
    if (is_stage(each.stage) && !why_unsafe_id(each.stage)) names.insert(each.stage);
  }
  return names;
}

std::string text_of(SettingChange const& change) {
  std::string text = change.stage + ": " + (change.key == "variant" ? "[[variant]]" : change.key);
  if (change.before.empty()) return text + " is new: " + change.after;
  if (change.after.empty()) return text + " is gone; it was " + change.before;
  return text + " changed from " + change.before + " to " + change.after;
}

// In a sweep `in` is written as in the pipeline file, elsewhere in full.
bool is_spelling(SettingChange const& change) {
  return change.key == "in" && !change.before.empty() && !change.after.empty() &&
         (change.before[0] == '{') != (change.after[0] == '{');
}

// pipeline.toml; empty for a run that was killed before it wrote one.
std::vector<SettingText> settings_before(RunFolder const& folder) {
  fs::path const file = folder.path() / "pipeline.toml";
  if (!fs::exists(fs::symlink_status(file))) return {};
  return setting_texts(read_run_file(file), file.string());
}

void remove_stale_files(RunFolder& folder, fs::path const& home,
                        std::set<std::string> const& stages,
                        std::unordered_set<std::uint64_t> const& outputs) {
  folder.remove_other(home / "metrics.json");
  for (std::string const& stage : stages) {
    folder.remove_other(home / (stage + ".csv"));
    folder.remove_other(home / class_table_of(stage));
    std::size_t const removed = folder.remove_outputs(home / stage, outputs);
    if (removed == 0) continue;
    log_info("removed " + counted(removed, "file") + " of the previous run from " +
             (folder.given() / home / stage).string());
  }
}

}  // namespace

Resumption::Resumption(RunFolder& folder, Pipeline const& pipeline)
    : folder_(folder), pipeline_(pipeline) {
  before_ = settings_before(folder);
  after_ = setting_texts(resolved_toml(pipeline), (folder.path() / "pipeline.toml").string());
  require_same_samples();
}

void Resumption::require_same_samples() const {
  bool const is_damaged = folder_.before()->format == 0;
  if (!is_damaged && folder_.before()->name != pipeline_.name) {
    refuse("a run of the pipeline \"" + folder_.before()->name + "\", not of \"" + pipeline_.name +
           "\"");
  }
  if (before_.empty()) return;
  PipelineStage const& source = pipeline_.source();
  std::string const use = value_of(before_, source.name, "use");
  std::string const now = "\"" + source.declaration->name + "\"";
  if (use.empty()) refuse("a run without a stage \"" + source.name + "\"");
  if (use != now) {
    refuse("a run over another data set (stage \"" + source.name + "\" was " + use + ", now " +
           now + ")");
  }
  if (is_sweep(before_) && !pipeline_.sweeps()) {
    refuse("a sweep, but this pipeline has no variants");
  }
  std::string const shard = value_of(before_, "run", "shard");
  std::string const other = value_of(after_, "run", "shard");
  if (shard != other) {
    refuse((shard.empty() ? "a run of the whole data set" : "shard " + shard) + ", not " +
           (other.empty() ? "of the whole data set" : "of shard " + other));
  }
  // What was folded of the samples before would be folded of others.
  for (char const* const key : {"epochs", "seed"}) {
    std::string const before = value_of(before_, "run", key), now_is = value_of(after_, "run", key);
    if (before == now_is) continue;
    refuse("a run with " + (before.empty() ? "no " + std::string(key) : key + (" = " + before)) +
           ", not with " + (now_is.empty() ? "none" : now_is));
  }
  std::string const limit = value_of(before_, "run", "limit");
  auto const& wanted = pipeline_.run.limit;
  if (wanted && (limit.empty() || std::stoll(limit) > *wanted)) {
    refuse("a run of " + (limit.empty() ? "all" : "the first " + limit) +
           " samples, but the limit is now " + std::to_string(*wanted));
  }
}

void Resumption::refuse(std::string const& what) const {
  throw RunFolderError(folder_.given().string() + " holds " + what +
                       "; choose another folder, or resume with the pipeline and options that "
                       "wrote it");
}

std::vector<std::string> Resumption::changes(Json const& record, std::uint64_t samples) const {
  std::vector<std::string> texts;
  if (before_.empty() || samples == 0) return texts;
  std::string const count = ": " + counted(samples, "sample");
  for (SettingChange const& change : seplflow::changes(before_, after_)) {
    if (change.stage.empty() || is_spelling(change)) continue;
    texts.push_back(text_of(change) + (is_stage(change.stage) ? count : ""));
  }
  Json const& old = folder_.before()->json;
  for (Json const& plugin : record["plugins"]) {
    for (Json const& other : old.value("plugins", Json::array())) {
      if (text_in(other, "path") != text_in(plugin, "path")) continue;
      if (text_in(other, "xxh128") == text_in(plugin, "xxh128")) continue;
      texts.push_back("the plugin " + text_in(plugin, "path") + " changed" + count);
    }
  }
  std::string const library = text_in(old.value("versions", Json::object()), "library");
  if (!library.empty() && library != text_in(record["versions"], "library")) {
    texts.push_back("seplflow itself changed" + count);
  }
  return texts;
}

void Resumption::remove_stale_files(std::unordered_set<std::uint64_t> const& outputs) {
  auto stages = stages_in(before_);
  for (PipelineStage const& stage : pipeline_.stages) stages.insert(stage.name);
  remove_results(folder_, std::move(stages), outputs);
}

void remove_results(RunFolder& folder, std::set<std::string> stages,
                    std::unordered_set<std::uint64_t> const& outputs) {
  // A pipeline.toml that cannot be read names no stages.
  error_of([&] { stages.merge(stages_in(settings_before(folder))); });
  std::vector<fs::path> homes;
  std::error_code none;
  if (!fs::is_symlink(folder.path() / "variants", none)) {
    for (auto const& entry : fs::directory_iterator(folder.path() / "variants", none)) {
      if (!fs::is_directory(entry.symlink_status())) continue;
      homes.push_back(fs::path("variants") / entry.path().filename());
    }
  }
  folder.remove_other("sweep.csv");
  remove_stale_files(folder, "", stages, outputs);
  for (fs::path const& home : homes) {
    folder.remove_other(home / "pipeline.toml");
    remove_stale_files(folder, home, stages, outputs);
    folder.remove_if_empty(home);
  }
  folder.remove_if_empty("variants");
}

std::string to_text(Reuse const& reuse, std::uint64_t emitted, std::uint64_t recalled) {
  if (emitted == recalled) return "";
  std::string text =
      std::to_string(emitted - recalled) + " of " + counted(emitted, "sample") + " needed work:";
  char const* separator = " ";
  std::uint64_t reasons = 0;
  auto const add = [&](std::uint64_t count, std::string const& reason) {
    if (count == 0) return;
    reasons += count;
    text += separator + std::to_string(count) + " " + reason;
    separator = ", ";
  };
  add(reuse.unknown, "had not finished");
  add(reuse.failed, "had failed");
  add(reuse.incomplete, "had no result for these settings");
  add(reuse.other_samples, "changed in size or classes");
  for (auto const& [stage, count] : reuse.changed_inputs) {
    add(count, "had changed files for \"" + stage + "\"");
  }
  for (auto const& [stage, count] : reuse.ordered) {
    add(count, "were repeated because \"" + stage + "\" needs all samples in order");
  }
  for (auto const& [stage, count] : reuse.lost_outputs) {
    add(count, "had missing or damaged files of \"" + stage + "\"");
  }
  // What is left is known only to the stages.
  std::uint64_t const worked = emitted - recalled;
  if (reasons < worked) add(worked - reasons, "had a record that its stage cannot load");
  return text;
}

}  // namespace seplflow
