// numpy's .npy files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "formats/numpy/pickle.hpp"

namespace seplflow {

// Reads a .npy file, versions 1.0, 2.0 and 3.0 (numpy.lib.format). A plain array becomes a Pickle
// whose root is that array; an object array of shape (), which is how numpy.save stores a dict,
// becomes the pickled object, under the rules of formats/pickle.hpp. Plain arrays may be of bool,
// integers or floating-point numbers, of either byte order, in C or Fortran order.
//
// Throws Error, naming the file, for anything else: no .npy file (saying what it is where it is a
// known thing: a zip, a PNG, a bare pickle), a header that is damaged, other element types, object
// arrays of another shape, fewer bytes than the shape asks for, or more.
Pickle read_npy(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages.
Pickle parse_npy(std::span<std::uint8_t const> bytes, std::string_view name);

}  // namespace seplflow
