// Reads numpy's .npy files.
#pragma once

#include <seplflow/formats/pickle.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace seplflow {

// Reads a .npy file, versions 1.0, 2.0 and 3.0 (numpy.lib.format). A plain array becomes a Pickle
// whose root is that array; an object array of shape (), which is how numpy.save stores a dict,
// becomes the pickled object, and one of shape (N,) a list, under the rules of pickle.hpp. Plain
// arrays may hold bool, integers or floating-point numbers, in either byte order, in C or Fortran
// order.
//
// Throws Error, naming the file, for anything else: a file of another format (naming it if known: a
// zip, a PNG), a damaged header, other element types, object arrays of another shape, and fewer or
// more bytes than the shape requires.
Pickle read_npy(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages.
Pickle parse_npy(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
