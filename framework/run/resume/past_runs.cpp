#include "run/resume/past_runs.hpp"

#include <algorithm>

#include "base/error_of.hpp"
#include "run/log.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/resume/resumed_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMaxReportedProblems = 10;

void log_problems(std::vector<std::string> const& problems) {
  std::size_t const reported = std::min(problems.size(), kMaxReportedProblems);
  for (std::size_t i = 0; i < reported; ++i) log_info(problems[i]);
  if (problems.size() > reported) {
    log_info("... and " + std::to_string(problems.size() - reported) + " more like this");
  }
}

}  // namespace

std::vector<PastRun> past_runs(RunFolder& folder, std::vector<fs::path> const& shards,
                               LedgerFiles::Names const& names) {
  std::vector<PastRun> past;
  std::vector<std::string> problems;
  if (folder.before()) {
    MemoryReader memories = LedgerFiles::read(folder, names, problems);
    if (memories.count() > 0) past.push_back({folder.path(), std::move(memories)});
    log_problems(problems);
  }
  for (fs::path const& shard : shards) {
    problems.clear();
    past.push_back({shard, LedgerFiles::read(shard, names, problems)});
    log_problems(problems);
  }
  return past;
}

std::vector<PastRun> past_runs_of_best(RunFolder& folder, std::vector<fs::path> const& shards) {
  std::vector<PastRun> past = past_runs(folder, shards, kBestFiles);
  std::vector<fs::path> folders = shards;
  if (folder.before()) folders.push_back(folder.path());
  for (fs::path const& each : folders) {
    MemoryReader memories(each / kLedger.records);
    if (memories.count() > 0) past.push_back({each, std::move(memories)});
  }
  return past;
}

void add_outputs(std::vector<PastRun> const& past, std::unordered_set<std::uint64_t>& names) {
  for (PastRun const& run : past) {
    for (std::size_t i = 0; i < run.memories.count(); ++i) {
      for (auto const& entry : run.memories.at(i).entries) {
        // Of a damaged entry nothing is known.
        error_of([&] {
          for (WrittenFile const& file : files_of(entry)) {
            names.insert(fingerprint(file.name.generic_string()));
          }
        });
      }
    }
  }
}

std::vector<fs::path> lists_before(RunFolder const& folder) {
  std::vector<fs::path> lists;
  if (!folder.before()) return lists;
  for (Json const& list : folder.before()->json.value("lists", Json())) {
    if (!list.is_string()) continue;
    auto const& name = list.get_ref<std::string const&>();
    if (!why_unsafe_id(name)) lists.emplace_back(name);
  }
  return lists;
}

void remove_run(RunFolder& folder) {
  std::unordered_set<std::uint64_t> outputs;
  add_outputs(past_runs(folder, {}, kLedger), outputs);
  add_outputs(past_runs(folder, {}, kBestFiles), outputs);
  for (fs::path const& list : lists_before(folder)) folder.remove_other(list);
  remove_results(folder, {}, outputs);
  for (LedgerFiles::Names const& names : {kLedger, kBestFiles}) LedgerFiles::remove(folder, names);
  folder.remove_states_but({});
  for (char const* const file : {"pipeline.toml", "log.txt"}) folder.remove_other(file);
  folder.forget_before();
}

}  // namespace seplflow
