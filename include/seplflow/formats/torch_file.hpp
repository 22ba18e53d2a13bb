// Reads and writes the checkpoints of torch.save.
#pragma once

#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/pickle.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// A text of a checkpoint, beside its tensors.
using TextToWrite = std::pair<std::string, std::string>;

// A file of torch.save, in the zip form of torch 1.6 and later: an OrderedDict of tensors on the
// CPU in the order given, then of texts. torch.load reads it, with weights_only=True as well, and
// read_torch_file. Tensors are of float32, float64 or int64; those with the same bytes share a
// storage, as several names of a parameter do. Throws Error for other element types, for bytes that
// do not fit the shape, and for files of more than 4 GiB.
std::vector<std::uint8_t> encode_torch_file(std::span<ArrayToWrite const> tensors,
                                            std::span<TextToWrite const> texts = {});

}  // namespace seplflow
