// How far the shards of one run are, from their run folders alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/run_settings.hpp"

namespace seplflow {

// OUT/shards: where the shards of a run lie that `seplflow submit` starts.
constexpr char const* kShardsFolder = "shards";

// OUT/shards/3-of-8
std::filesystem::path shard_folder(std::filesystem::path const& out, Shard const& shard);

struct ShardState {
  enum class Status {
    absent,       // has not begun
    running,      // a process writes it
    stopped,      // its process was killed
    interrupted,  // its process ended early, as it was told to
    failed,
    done          // or done with failed samples
  };

  Shard shard;
  std::filesystem::path folder;
  Status status = Status::absent;
  std::uint64_t samples = 0, failed = 0;  // that are finished, and of these those that failed
  std::optional<std::uint64_t> expected;  // samples, where the source knows
  double rate = 0;                        // of a running shard: samples per second; 0 = not known
  std::string detail;                     // the error, or the process that writes it

  bool is_done() const { return status == Status::done; }
};

std::string_view to_string(ShardState::Status status);

// Reads what the run folder says now, also while a run writes it. A folder that cannot be read is
// `failed`, with the reason.
ShardState shard_state(std::filesystem::path const& folder, Shard const& shard);

// Those of all shards below OUT/shards.
std::vector<ShardState> shard_states(std::filesystem::path const& out, std::int64_t count);

}  // namespace seplflow
