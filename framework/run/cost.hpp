// What a run, or all shards of one, took of the machines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "run/json.hpp"

namespace seplflow {

// Of all processes that worked on a run folder.
struct Cost {
  double seconds = 0;      // from the begin to the end of each
  double cpu_seconds = 0;  // of all threads
  double gpu_seconds = 0;  // seconds, times the GPUs that the process had
  std::uint64_t runs = 0, unknown_runs = 0;  // the latter were killed and are not in the sums

  Cost& operator+=(Cost const& other);
};

// The CPU time of this process and of those that it has started.
double cpu_seconds_so_far();

// That of this process, which has worked for so many seconds.
Cost cost_of_process(Pipeline const& pipeline, double seconds, double cpu_seconds);

// That of the run in a folder, by its run.json, until now: a run that still says "running" was
// killed. Zero when it does not say.
Cost cost_in(Json const& record);

Json to_json(Cost const& cost);

// The costs of the shards of a merged run: each of them, the slowest, and by how much the largest
// differs from the mean.
Json cost_of_shards(std::vector<std::filesystem::path> const& shards);

// "3.20 CPU hours, 1.10 GPU hours in 8 shards; the slowest is 3/8 (25 min 10 s), 4.2 % above the
// mean; ..."; empty when run.json does not say.
std::string cost_text(Json const& record);

}  // namespace seplflow
