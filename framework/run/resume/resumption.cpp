#include "run/resume/resumption.hpp"

#include <algorithm>
#include <set>

#include "base/text_file.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/setting_text.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string samples_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " sample" : " samples");
}

// The value as TOML; empty when there is none.
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

std::set<std::string> stages_in(std::vector<SettingText> const& settings) {
  std::set<std::string> names;
  for (SettingText const& each : settings) {
    bool const is_stage = !each.stage.empty() && each.stage != "run" && each.stage != "sweep" &&
                          each.stage != "variants";
    // They name what is removed, and the file may be anybody's.
    if (is_stage && !why_unsafe_id(each.stage)) names.insert(each.stage);
  }
  return names;
}

std::string text_of(SettingChange const& change) {
  std::string text = change.stage + ": " + (change.key == "variant" ? "they" : change.key);
  if (change.before.empty()) return text + " is new, " + change.after;
  if (change.after.empty()) return text + " is gone, it was " + change.before;
  return text + " changed from " + change.before + " to " + change.after;
}

// The wires of a sweep are written as the file has them, others in full.
bool is_spelling(SettingChange const& change) {
  return change.key == "in" && !change.before.empty() && !change.after.empty() &&
         (change.before[0] == '{') != (change.after[0] == '{');
}

}  // namespace

Resumption::Resumption(RunFolder& folder, Pipeline const& pipeline)
    : folder_(folder), pipeline_(pipeline) {
  fs::path const file = folder.path() / "pipeline.toml";
  // A run that was killed early has none.
  if (fs::exists(file)) before_ = setting_texts(read_text_file(file), file.string());
  after_ = setting_texts(resolved_toml(pipeline), file.string());
  require_same_samples();
}

void Resumption::require_same_samples() const {
  std::string const holds = folder_.path().string() + " holds ";
  std::string const way_out = "; choose another --out, or the pipeline that made it";
  bool const is_damaged = folder_.before()->format == 0;
  if (!is_damaged && folder_.before()->name != pipeline_.name) {
    throw RunFolderError(holds + "a run of the pipeline \"" + folder_.before()->name +
                         "\", not of \"" + pipeline_.name + "\"" + way_out);
  }
  if (before_.empty()) return;
  PipelineStage const& source = pipeline_.source();
  std::string const use = value_of(before_, source.name, "use");
  std::string const now = "\"" + source.declaration->name + "\"";
  if (use != now) {
    throw RunFolderError(holds + "a run over another data set (stage \"" + source.name + "\" " +
                         (use.empty() ? "was not there" : "was " + use) + ", now " + now + ")" +
                         way_out);
  }
  if (is_sweep(before_) && !pipeline_.sweeps()) {
    throw RunFolderError(holds + "a sweep, and this pipeline has no variants" + way_out);
  }
  std::string const shard = value_of(before_, "run", "shard");
  std::string const other = value_of(after_, "run", "shard");
  if (shard != other) {
    throw RunFolderError(holds + (shard.empty() ? "a run of all shards" : "shard " + shard) +
                         ", not " + (other.empty() ? "all of them" : other) +
                         "; choose another --out");
  }
  std::string const limit = value_of(before_, "run", "limit");
  auto const& wanted = pipeline_.run.limit;
  if (wanted && (limit.empty() || std::stoll(limit) > *wanted)) {
    throw RunFolderError(holds + "a run of " + (limit.empty() ? "all" : "the first " + limit) +
                         " samples, which limit = " + std::to_string(*wanted) +
                         " would cut down; choose another --out");
  }
}

std::optional<Keep> Resumption::keep(RunRecord const& before) {
  return keep_choices().value_of(before.json.value("keep", ""));
}

std::vector<std::string> Resumption::changes(Json const& plugins, std::string const& framework,
                                             std::uint64_t samples) const {
  std::vector<std::string> texts;
  if (before_.empty() || samples == 0) return texts;
  std::string const count = ": " + samples_text(samples);
  for (SettingChange const& change : seplflow::changes(before_, after_)) {
    if (change.stage.empty() || is_spelling(change)) continue;
    bool const is_stage =
        change.stage != "run" && change.stage != "sweep" && change.stage != "variants";
    texts.push_back(text_of(change) + (is_stage ? count : ""));
  }
  auto const record = folder_.before()->json.value("plugins", Json::array());
  for (Json const& plugin : plugins) {
    for (Json const& other : record) {
      if (other.value("path", "") != plugin.value("path", "")) continue;
      if (other.value("xxh128", "") == plugin.value("xxh128", "")) continue;
      texts.push_back("the plugin " + plugin["path"].get<std::string>() + " changed" + count);
    }
  }
  auto const versions = folder_.before()->json.value("versions", Json::object());
  auto const library = versions.value("library", "");
  if (!library.empty() && library != framework) {
    texts.push_back("seplflow itself changed" + count);
  }
  return texts;
}

std::vector<std::string> Resumption::clear_away(std::unordered_set<std::uint64_t> const& outputs) {
  auto names = stages_in(before_);
  for (PipelineStage const& stage : pipeline_.stages) names.insert(stage.name);
  std::vector<fs::path> homes = {fs::path()};
  std::error_code none;
  for (auto const& entry : fs::directory_iterator(folder_.path() / "variants", none)) {
    if (fs::is_directory(entry.symlink_status())) {
      homes.push_back(fs::path("variants") / entry.path().filename());
    }
  }
  std::vector<std::string> texts;
  folder_.remove_other("sweep.csv");
  for (fs::path const& home : homes) {
    folder_.remove_other(home / "metrics.json");
    if (!home.empty()) folder_.remove_other(home / "pipeline.toml");
    for (std::string const& name : names) {
      folder_.remove_other(home / (name + ".csv"));
      std::size_t const removed = folder_.remove_outputs(home / name, outputs);
      if (removed == 0) continue;
      texts.push_back("removed " + std::to_string(removed) + (removed == 1 ? " file" : " files") +
                      " of the run before from " + (folder_.path() / home / name).string());
    }
    if (!home.empty()) folder_.remove_if_empty(home);
  }
  folder_.remove_if_empty("variants");
  return texts;
}

std::string to_text(Reuse const& reuse, std::uint64_t emitted, std::uint64_t recalled) {
  if (emitted == recalled) return "";
  std::string text = std::to_string(emitted - recalled) + " of " + samples_text(emitted) +
                     " had something left to do:";
  char const* separator = " ";
  auto const add = [&](std::uint64_t count, std::string const& reason) {
    if (count == 0) return;
    text += separator + std::to_string(count) + " " + reason;
    separator = ", ";
  };
  add(reuse.unknown, "had not finished");
  add(reuse.failed, "had failed");
  add(reuse.incomplete, "lacked a result of these settings");
  add(reuse.other_samples, "changed in size or classes");
  for (auto const& [stage, count] : reuse.changed_inputs) {
    add(count, "whose files for \"" + stage + "\" changed");
  }
  for (auto const& [stage, count] : reuse.lost_outputs) {
    add(count, "whose files of \"" + stage + "\" are missing or damaged");
  }
  return text;
}

}  // namespace seplflow
