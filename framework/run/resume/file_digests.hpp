// What is in a file, whenever and wherever it was copied.
#pragma once

#include <seplflow/detail/files_read.hpp>

#include <filesystem>
#include <string>

namespace seplflow {

// file_hash() of a file that had this state when it was read, and still has it. A digest is computed
// once and then known by path, size, times and inode: in this process, and to later ones in
// $XDG_CACHE_HOME/seplflow/digests. Empty when the file cannot be read or has another state now.
// Safe from many threads.
std::string file_digest(std::filesystem::path const& file, FileState const& state);

}  // namespace seplflow
