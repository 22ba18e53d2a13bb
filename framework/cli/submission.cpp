#include "cli/submission.hpp"

#include <charconv>
#include <set>

#include <seplflow/error.hpp>
#include "run/file_writer.hpp"
#include "run/json.hpp"
#include "run/run_file.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

fs::path submission_file(fs::path const& out) {
  return out / kShardsFolder / "submission.json";
}

}  // namespace

std::optional<Submission> submission_in(fs::path const& out) {
  fs::path const file = submission_file(out);
  if (!exists_as_regular_file(file)) return std::nullopt;
  Json const json = parsed_json(read_run_file(file));
  Json const count = json.is_object() ? json.value("shards", Json()) : Json();
  if (!count.is_number_integer() || count.get<std::int64_t>() < 1) {
    throw UsageError(file.string() + " is damaged: it has no number of \"shards\"; remove " +
                     (out / kShardsFolder).string() + " to submit the pipeline anew");
  }
  Submission submission{text_in(json, "name"), count.get<std::int64_t>(), {}, text_in(json, "merge")};
  Json const jobs = json.value("jobs", Json::object());
  for (auto const& [shard, job] : jobs.items()) {
    std::int64_t index = 0;
    auto const [end, error] = std::from_chars(shard.data(), shard.data() + shard.size(), index);
    if (error == std::errc() && job.is_string()) submission.jobs[index] = job.get<std::string>();
  }
  return submission;
}

void write_submission(fs::path const& out, Submission const& submission) {
  Json json = {{"name", submission.name},
               {"shards", submission.shards},
               {"jobs", Json::object()},
               {"merge", submission.merge}};
  for (auto const& [shard, job] : submission.jobs) json["jobs"][std::to_string(shard)] = job;
  fs::path const file = submission_file(out);
  AtomicWriter writer(file.parent_path());
  writer.write(file, json_text(json, 2) + "\n");
}

std::vector<ShardState> states_of(fs::path const& out, Submission const& submission) {
  if (submission.is_array()) return shard_states(out, submission.shards);
  return {shard_state(out, {})};
}

std::optional<Queue> queue_of(Submission const& submission, std::string& problem) {
  Queue queue;
  std::set<std::string> jobs;
  for (auto const& [shard, job] : submission.jobs) jobs.insert(job);
  for (std::string const& job : jobs) {
    auto const tasks = queued_tasks(job, problem);
    if (!tasks) return std::nullopt;
    for (auto const& [index, task] : *tasks) {
      std::int64_t const shard = submission.is_array() ? index : 0;
      auto const sent = submission.jobs.find(shard);
      if (sent != submission.jobs.end() && sent->second == job) queue.shards[shard] = task;
    }
  }
  if (submission.merge.empty()) return queue;
  auto const merge = queued_tasks(submission.merge, problem);
  if (!merge) return std::nullopt;
  if (!merge->empty()) queue.merge = merge->begin()->second;
  return queue;
}

}  // namespace seplflow::cli
