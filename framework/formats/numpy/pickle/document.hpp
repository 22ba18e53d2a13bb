// From the bytes of a file to its values; what the readers of all formats share.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "formats/numpy/pickle.hpp"
#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

// Reads the root of all values; what it throws needs no name of a file.
using ReadRoot = std::function<Cell(Bytes bytes, Store& store)>;

// Reads a file, which must not be larger than kMaxFileBytes, and keeps it with the values. Large
// arrays are left in it until they are wanted.
Pickle read_document(std::filesystem::path const& path, ReadRoot const& read_root);
// The same with a file that is mapped into memory, of any size.
Pickle map_document(std::filesystem::path const& path, ReadRoot const& read_root);
// The same from bytes that outlive the values.
Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot const& read_root);

// Throws Error, saying what it is where it is a known thing, when the bytes cannot begin a pickle.
void require_pickle(Bytes bytes);
// Throws Error when the pickle ended at `end`, but the bytes go on.
void require_end(std::size_t end, std::size_t size);
// "a PNG image", "a zip file, as numpy.savez and torch.save write", ...; empty when unknown.
std::string_view known_format(Bytes bytes);

}  // namespace seplflow::pickle
