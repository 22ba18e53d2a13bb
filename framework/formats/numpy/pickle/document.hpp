// Opens a file and reads its values: what the readers of pickles, .npy files and torch files share.
#pragma once

#include <filesystem>
#include <string_view>

#include "formats/numpy/pickle.hpp"
#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

// Reads the root of all values. Its errors do not name the file.
using ReadRoot = Cell (*)(Bytes bytes, Store& store);

// Reads a file of at most kMaxFileBytes and keeps it with the values. Large arrays are left in the
// file until they are needed.
Pickle read_document(std::filesystem::path const& path, ReadRoot read_root);
// The same with a file of any size, which is mapped into memory.
Pickle map_document(std::filesystem::path const& path, ReadRoot read_root);
// The same from bytes that outlive the values.
Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot read_root);

// "a PNG image", "a zip file, as numpy.savez and torch.save write", ...; empty when unknown.
std::string_view known_format(Bytes bytes);

}  // namespace seplflow::pickle
