// OUT/shards/submission.json: what `seplflow submit` sent to the scheduler.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/slurm.hpp"
#include "compare/shard_states.hpp"

namespace seplflow::cli {

struct Submission {
  std::string name;  // of the pipeline
  std::int64_t shards = 1;
  std::map<std::int64_t, std::string> jobs;  // by shard, the last job that was sent for it
  std::string merge;                         // the job that merges; empty without one

  bool is_array() const { return shards > 1; }
};

// Nothing when the folder was not submitted. Throws UsageError when the file is damaged.
std::optional<Submission> submission_in(std::filesystem::path const& out);

void write_submission(std::filesystem::path const& out, Submission const& submission);

// The shards of a submission, or the one run that it is.
std::vector<ShardState> states_of(std::filesystem::path const& out, Submission const& submission);

// What Slurm says of the shards and of the merge; nothing when it does not answer, and `problem`
// says why.
struct Queue {
  std::map<std::int64_t, QueuedTask> shards;
  std::optional<QueuedTask> merge;
};
std::optional<Queue> queue_of(Submission const& submission, std::string& problem);

}  // namespace seplflow::cli
