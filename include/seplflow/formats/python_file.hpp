// Reads what numpy, torch and pickle write, whatever the name of the file.
#pragma once

#include <seplflow/formats/pickle.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace seplflow {

// Reads a file of numpy.save (npy.hpp), numpy.savez and numpy.savez_compressed, torch.save
// (torch_file.hpp) or pickle.dump (pickle.hpp), recognised by its content. A .npz file becomes a
// dict of its arrays by name; if it has one array without a name, then that array. The checksums in
// a zip are verified. Takes memory for the file, and at most 512 MiB for what is compressed.
//
// Throws Error, naming the file, for everything else, and where the readers of these formats do.
Pickle read_python_file(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages.
Pickle parse_python_file(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
