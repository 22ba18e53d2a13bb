#include "compare/shards.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/text_file.hpp"
#include "pipeline/setting_text.hpp"
#include "run/run_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr long kMissingTold = 20;

struct ShardRun {
  fs::path folder;
  std::string shard = "\"0/1\"";      // as pipeline.toml has it
  std::vector<SettingText> settings;  // without it
};

// Also of a run that is not complete, which `wrong` then says. Throws UsageError.
ShardRun read(fs::path const& folder, std::vector<std::string>& wrong) {
  auto const record = run_record_in(folder);
  if (!record) throw RunFolderError(folder.string() + " holds no run (there is no run.json)");
  ShardRun run;
  run.folder = folder;
  fs::path const file = folder / "pipeline.toml";
  for (SettingText& each : setting_texts(read_text_file(file), file.string())) {
    if (each.stage == "run" && each.key == "shard") {
      run.shard = each.value;
    } else {
      run.settings.push_back(std::move(each));
    }
  }
  if (record->status != "done" && record->status != "done_with_failures") {
    wrong.push_back("the run in " + folder.string() + " is not complete (status \"" +
                    record->status + "\"); complete it with --resume");
  }
  return run;
}

// "I/N" in quotes.
std::pair<long, long> numbers_of(std::string const& shard) {
  std::istringstream text(shard);
  char quote = 0, slash = 0;
  long index = 0, count = 1;
  text >> quote >> index >> slash >> count;
  return {index, count};
}

// What speaks against these being all shards of one run.
void compare(std::vector<ShardRun> const& runs, std::vector<std::string>& wrong) {
  std::map<long, std::vector<std::string>> by_index;
  long const count = numbers_of(runs.front().shard).second;
  std::string const first = runs.front().folder.string();
  for (ShardRun const& run : runs) {
    std::string const name = run.folder.string();
    for (SettingChange const& change : changes(runs.front().settings, run.settings)) {
      wrong.push_back((change.stage.empty() ? "" : change.stage + ".") + change.key + " is " +
                      (change.before.empty() ? "absent" : change.before) + " in " + first +
                      " and " + (change.after.empty() ? "absent" : change.after) + " in " + name);
    }
    auto const [index, of] = numbers_of(run.shard);
    if (of == count) {
      by_index[index].push_back(name);
    } else {
      wrong.push_back(name + " is shard " + run.shard + ", but " + first + " is " +
                      runs.front().shard);
    }
  }
  auto const shard = [count](long i) { return std::to_string(i) + "/" + std::to_string(count); };
  for (auto const& [index, names] : by_index) {
    if (names.size() < 2) continue;
    std::string text =
        "shard " + shard(index) + " is there " + std::to_string(names.size()) + " times:";
    for (std::string const& name : names) text += " " + name;
    wrong.push_back(std::move(text));
  }
  long const missing = count - static_cast<long>(by_index.size());
  long told = 0;
  for (long i = 0; told < std::min(missing, kMissingTold); ++i) {
    if (by_index.contains(i)) continue;
    wrong.push_back("shard " + shard(i) + " is missing");
    ++told;
  }
  if (missing > told) wrong.push_back("... and " + std::to_string(missing - told) + " more");
}

}  // namespace

void require_all_shards(std::vector<fs::path> const& folders) {
  std::vector<ShardRun> runs;
  std::vector<std::string> wrong;
  for (fs::path const& folder : folders) {
    try {
      runs.push_back(read(folder, wrong));
    } catch (UsageError const& error) {
      wrong.emplace_back(error.what());
    }
  }
  if (!runs.empty()) compare(runs, wrong);
  if (wrong.empty()) return;
  std::string text = "these runs are not the shards of one run:";
  for (std::string const& each : wrong) text += "\n  " + each;
  throw RunFolderError(text);
}

}  // namespace seplflow
