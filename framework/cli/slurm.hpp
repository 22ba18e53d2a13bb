// Slurm's commands, and the scripts that it runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/run_settings.hpp"

namespace seplflow::cli {

// What the scripts of a submitted run say.
struct SlurmScripts {
  std::string name;                 // of the pipeline
  std::filesystem::path program;    // seplflow, absolute
  std::filesystem::path pipeline;   // absolute
  std::filesystem::path out;        // the run folder, absolute
  std::int64_t shards = 1;          // 1: one job that writes to the run folder itself
  std::int64_t max_parallel = 0;    // tasks at once; 0 = no limit
  std::string options;              // for sbatch: "--partition=gpu --gres=gpu:1"
  std::string run_options;          // for seplflow run: "--jobs 4"
  std::string files = "link";       // for seplflow merge
  std::string command_line;         // that wrote them

  std::string run_script() const;
  std::string merge_script() const;
};

// Whether the program is on the PATH.
bool is_installed(std::string const& program);

// "sbatch --parsable --array=0-7 ..." with its output: the number of the job. Throws Error with what
// sbatch said.
std::string sbatch(std::vector<std::string> const& arguments);

void scancel(std::string const& job);

// A task of an array, or a job, in the queue.
struct QueuedTask {
  std::string state;   // "PENDING", "RUNNING", "COMPLETING", ...
  std::string reason;  // why it is pending
};

// Those of a job that have not ended, by the index of their task, -1 for a job that is not an array.
// Nothing when squeue is missing or does not answer; `problem` says why.
std::optional<std::map<std::int64_t, QueuedTask>> queued_tasks(std::string const& job,
                                                               std::string& problem);

// "0-3,7"
std::string array_text(std::vector<std::int64_t> const& indices);

}  // namespace seplflow::cli
