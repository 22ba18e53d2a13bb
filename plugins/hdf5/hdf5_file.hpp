// Reads HDF5 files as values of Python.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/formats/pickle.hpp>

namespace seplflow {

// The first of these objects that the file has, or nothing; "/" is the whole file. A group becomes a
// dict by name and a dataset of numbers an array; other datasets become None. Reads all of it into
// memory: at most 512 MiB. Safe from several threads, which take turns.
//
// Throws Error, naming the file, when it is not HDF5, is damaged, or refers to other files (external
// links, external and virtual datasets).
std::optional<Pickle> read_hdf5(std::filesystem::path const& path,
                                std::vector<std::string> const& objects);

}  // namespace seplflow
