// Reads the checkpoints that torch.save writes.
#pragma once

#include <seplflow/formats/pickle.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace seplflow {

// Reads a file of torch.save, e.g. {"model": OrderedDict of tensors, "epoch": 3}: the zip form of
// torch 1.6 and later, and the legacy stream before it. Tensors stay in the file until they are
// needed, so that only the parts in use are read, whatever the size of the file. Tensors of any
// device are read.
//
// Accepts what pickle.hpp accepts. Throws Error, naming the file, for anything else; for compressed
// or encrypted zip entries; for storages of big-endian machines; for sizes that do not fit the
// file, which is then truncated or damaged; for TorchScript archives; and for whole modules, of
// which the state_dict should be saved instead. The checksums of tensors are verified by
// Pickle::verify(), since that reads all of the file.
Pickle read_torch_file(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages.
Pickle parse_torch_file(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
