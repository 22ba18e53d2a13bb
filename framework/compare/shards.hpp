// Runs of parts of a data set as one run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace seplflow {

// Checks that the runs are complete and that they are all shards of one pipeline (`--shard I/N`),
// each exactly once. Throws RunFolderError with a list of everything that is wrong.
void require_all_shards(std::vector<std::filesystem::path> const& runs);

// The ids of the samples that [run] skip left out of these runs.
std::vector<std::string> left_out_of(std::vector<std::filesystem::path> const& runs);

}  // namespace seplflow
