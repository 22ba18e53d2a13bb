// Runs of parts of a data set as one run.
#pragma once

#include <filesystem>
#include <vector>

namespace seplflow {

// Checks that the runs are complete, are all shards of one pipeline (`--shard I/N`), each once, and
// lists what speaks against it: throws RunFolderError.
void require_all_shards(std::vector<std::filesystem::path> const& runs);

}  // namespace seplflow
