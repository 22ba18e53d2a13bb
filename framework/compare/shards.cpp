#include "compare/shards.hpp"

#include <algorithm>
#include <map>

#include "compare/finished_run.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/setting_text.hpp"
#include "run/crash_report.hpp"
#include "run/run_file.hpp"
#include "run/run_folder.hpp"
#include "run/run_place.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kMaxReportedMissing = 20;

struct ShardRun {
  fs::path folder;
  Shard shard;
  std::vector<SettingText> settings;  // without the shard
};

Shard shard_in(Json const& record) {
  auto const found = record.find("shard");
  if (found == record.end()) return {};
  auto const number = [&](char const* key) {
    Json const value = found->is_object() ? found->value(key, Json()) : Json();
    return value.is_number_integer() ? value.get<std::int64_t>() : -1;
  };
  return {number("index"), number("count")};
}

// ": seplflow run ... --resume", as the run was started; nothing when it does not say.
std::string command_that_resumes(Json const& record) {
  std::string text;
  for (Json const& word : record.value("command_line", Json::array())) {
    if (!word.is_string() || word == "--resume") continue;
    text += (text.empty() ? ": " : " ") + shell_word(word.get<std::string>());
  }
  return text.empty() ? "" : text + " --resume";
}

// What sends the shards again that are missing; nothing unless they were submitted together.
std::string command_that_sends(std::vector<fs::path> const& folders) {
  fs::path const place = folders.empty() ? fs::path() : folders.front().parent_path();
  if (place.filename() != "shards" || !fs::exists(place / "submission.json")) return "";
  fs::path const out = place.parent_path();
  return "\n  to send again what is not done: seplflow submit --resume " +
         shell_word(out.empty() ? "." : out.string());
}

// Also reads an incomplete run, and adds a message about it to `problems`. Throws UsageError.
ShardRun read_run(fs::path const& folder, std::vector<std::string>& problems) {
  require_folder(folder);
  auto const record = run_record_in(folder);
  if (!record) throw RunFolderError(folder.string() + " is not a run folder (it has no run.json)");
  fs::path const file = folder / "pipeline.toml";
  ShardRun run{folder, shard_in(record->json), setting_texts(read_run_file(file), file.string())};
  // Each shard leaves out samples of its own.
  std::erase_if(run.settings, [](auto const& each) {
    return each.stage == "run" && (each.key == "shard" || each.key == "skip");
  });
  if (!record->is_complete()) {
    problems.push_back("the run in " + folder.string() + " is not complete (status \"" +
                       record->status + "\"); complete it with --resume" +
                       command_that_resumes(record->json));
  }
  return run;
}

void compare_settings(ShardRun const& first, ShardRun const& run,
                      std::vector<std::string>& problems) {
  auto const value_in = [](std::string const& value, ShardRun const& of) {
    return (value.empty() ? "absent" : value) + " in " + of.folder.string();
  };
  for (SettingChange const& change : changes(first.settings, run.settings)) {
    problems.push_back((change.stage.empty() ? "" : change.stage + ".") + change.key + " is " +
                       value_in(change.before, first) + " and " + value_in(change.after, run));
  }
}

// Each shard must be there exactly once.
void check_shards(std::vector<ShardRun> const& runs, std::vector<std::string>& problems) {
  // A run of all samples is a problem of its own, and says nothing about the others.
  ShardRun const& first =
      *std::ranges::max_element(runs, {}, [](ShardRun const& run) { return run.shard.count > 1; });
  std::int64_t const count = first.shard.count;
  std::map<std::int64_t, std::vector<std::string>> folders;  // by shard
  for (ShardRun const& run : runs) {
    if (run.shard.count == 1 && runs.size() > 1) {
      problems.push_back(run.folder.string() +
                         " is a run of all samples, not a shard (run --shard I/N makes one)");
    } else if (run.shard.count == count) {
      folders[run.shard.index].push_back(run.folder.string());
    } else {
      problems.push_back(run.folder.string() + " is shard " + text_of(run.shard) + ", but " +
                         first.folder.string() + " is shard " + text_of(first.shard));
    }
  }
  for (auto const& [index, names] : folders) {
    if (names.size() < 2) continue;
    std::string text =
        "shard " + text_of(Shard{index, count}) + " appears " + std::to_string(names.size()) + " times:";
    for (std::string const& name : names) text += " " + name;
    problems.push_back(std::move(text));
  }
  std::int64_t const missing = count == 1 ? 0 : count - static_cast<std::int64_t>(folders.size());
  std::int64_t reported = 0;
  for (std::int64_t i = 0; reported < std::min(missing, kMaxReportedMissing); ++i) {
    if (folders.contains(i)) continue;
    problems.push_back("shard " + text_of(Shard{i, count}) + " is missing; run it with --shard " +
                       text_of(Shard{i, count}));
    ++reported;
  }
  if (missing > reported) {
    problems.push_back("... and " + std::to_string(missing - reported) + " more like this");
  }
}

}  // namespace

void require_all_shards(std::vector<fs::path> const& folders) {
  std::vector<ShardRun> runs;
  std::vector<std::string> problems;
  for (fs::path const& folder : folders) {
    try {
      runs.push_back(read_run(folder, problems));
    } catch (UsageError const& error) {
      problems.emplace_back(error.what());
    }
  }
  for (ShardRun const& run : runs) compare_settings(runs.front(), run, problems);
  if (!runs.empty()) check_shards(runs, problems);
  if (problems.empty()) return;
  std::string text = "these runs are not the shards of one run:";
  for (std::string const& each : problems) text += "\n  " + each;
  throw RunFolderError(text + command_that_sends(folders));
}

std::vector<std::string> left_out_of(std::vector<fs::path> const& folders) {
  std::vector<std::string> ids;
  for (fs::path const& folder : folders) {
    auto const record = run_record_in(folder);
    if (!record) continue;
    for (Json const& id : record->json.value("left_out", Json::array())) {
      if (id.is_string()) ids.push_back(bytes_of_text(id.get<std::string>()));
    }
  }
  return ids;
}

}  // namespace seplflow
