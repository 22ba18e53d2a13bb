// Which shard a process is, by the variables of the scheduler that started it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/environment.hpp"
#include "pipeline/run_settings.hpp"

namespace seplflow {

struct ScheduledShard {
  Shard shard;
  std::string from;  // "SLURM_ARRAY_TASK_ID=3, SLURM_ARRAY_TASK_COUNT=8"
};

// What `--shard auto` stands for, or with a count `--shard auto/N`. Throws Error, to be read after
// the option's name, when the environment has no index, no count where none is given, or variables
// that contradict each other.
ScheduledShard scheduled_shard(std::optional<std::int64_t> count, Environment const& environment);

}  // namespace seplflow
