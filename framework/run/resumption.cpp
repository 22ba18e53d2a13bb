#include "run/resumption.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "data/sample.hpp"
#include "pipeline/setting_text.hpp"
#include "run/layout.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string text_of(fs::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

std::string samples_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " sample" : " samples");
}

std::string const* use_of(std::vector<SettingText> const& settings, std::string const& stage) {
  auto const found = std::ranges::find_if(
      settings, [&](SettingText const& each) { return each.stage == stage && each.key == "use"; });
  return found == settings.end() ? nullptr : &found->value;
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

}  // namespace

Resumption::Resumption(RunFolder& folder, Pipeline const& pipeline)
    : folder_(folder),
      pipeline_(pipeline),
      before_(text_of(folder.path() / "pipeline.toml")),
      after_(resolved_toml(pipeline)) {
  std::string const name = folder.path().string();
  std::string const way_out = "; choose another --out, or the pipeline that made it";
  if (folder.before()->name != pipeline.name) {
    throw RunFolderError(name + " holds a run of the pipeline \"" + folder.before()->name +
                         "\", not of \"" + pipeline.name + "\"" + way_out);
  }
  auto const settings = setting_texts(before_, name + "/pipeline.toml");
  PipelineStage const& source = pipeline.source();
  std::string const* const use = use_of(settings, source.name);
  std::string const now = "\"" + source.declaration->name + "\"";
  if (!settings.empty() && (!use || *use != now)) {
    throw RunFolderError(name + " holds a run over another data set (stage \"" + source.name +
                         "\" " + (use ? "was " + *use : "was not there") + ", now " + now + ")" +
                         way_out);
  }
}

std::vector<std::string> Resumption::changes(Json const& plugins, std::string const& framework,
                                             std::uint64_t samples) const {
  std::vector<std::string> texts;
  std::string const file = (folder_.path() / "pipeline.toml").string();
  auto const before = setting_texts(before_, file);
  if (before.empty() || samples == 0) return texts;
  std::string const count = ": " + samples_text(samples);
  for (SettingChange const& change : seplflow::changes(before, setting_texts(after_, file))) {
    if (change.stage == "run" || change.stage.empty()) continue;
    std::string const what = change.key == "variant" ? "they" : change.key;
    std::string text = change.stage + ": " + what;
    if (change.before.empty()) {
      text += " is new, " + change.after;
    } else if (change.after.empty()) {
      text += " is gone, it was " + change.before;
    } else {
      text += " changed from " + change.before + " to " + change.after;
    }
    texts.push_back(text + count);
  }
  auto const record = folder_.before()->json.value("plugins", Json::array());
  for (Json const& plugin : plugins) {
    for (Json const& other : record) {
      if (other.value("path", "") != plugin["path"]) continue;
      if (other.value("xxh128", "") == plugin["xxh128"]) continue;
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

std::vector<std::string> Resumption::clear(ContentKeys const& keys,
                                           std::set<std::uint64_t> const& known,
                                           std::vector<bool> const& ends) {
  std::set<fs::path> sinks, homes;
  for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
    PipelineStage const& stage = pipeline_.stages[s];
    for (fs::path const& home : homes_of(pipeline_, stage)) {
      homes.insert(home);
      bool const stays =
          stage.declaration->kind == StageKind::sink && ends[s] && known.contains(keys[Part{s}]);
      if (stays) sinks.insert(home / stage.name);
    }
  }
  std::vector<std::string> texts;
  auto const remove_outputs = [&](fs::path const& folder) {
    if (sinks.contains(folder) || !fs::is_directory(folder_.path() / folder)) return;
    folder_.remove(folder);
    texts.push_back("removed " + (folder_.path() / folder).string() +
                    ": its files belong to other settings");
  };
  auto names = stages_in(setting_texts(before_, (folder_.path() / "pipeline.toml").string()));
  for (PipelineStage const& stage : pipeline_.stages) names.insert(stage.name);
  for (std::string const& name : names) {
    folder_.remove(name + ".csv");
    remove_outputs(name);
  }
  folder_.remove("metrics.json");
  folder_.remove("sweep.csv");

  std::vector<fs::path> in_variants;
  fs::path const variants = folder_.path() / "variants";
  if (!fs::is_directory(variants)) return texts;
  for (auto const& variant : fs::directory_iterator(variants)) {
    fs::path const home = "variants" / variant.path().filename();
    if (!homes.contains(home) || !variant.is_directory()) {
      in_variants.push_back(home);
      continue;
    }
    for (auto const& entry : fs::directory_iterator(variant.path())) {
      fs::path const name = home / entry.path().filename();
      if (!entry.is_directory()) {
        folder_.remove(name);
      } else {
        in_variants.push_back(name);
      }
    }
  }
  for (fs::path const& each : in_variants) remove_outputs(each);
  if (fs::is_empty(variants)) folder_.remove("variants");
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
