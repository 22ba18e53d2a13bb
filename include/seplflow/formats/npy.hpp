// Reads and writes numpy's .npy files.
#pragma once

#include <seplflow/formats/pickle.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// An entry of a dict: little-endian elements in row-major order.
struct ArrayToWrite {
  std::string name;
  ElementType type;  // int64, float16, float32 or float64
  std::vector<std::uint64_t> shape;
  std::span<std::uint8_t const> bytes;
};

// A .npy file of version 1.0 with a dict of arrays, as numpy.save writes it, in the order given:
// numpy.load(file, allow_pickle=True).item() reads it. Throws Error for other element types and for
// arrays of more than 4 GiB.
std::vector<std::uint8_t> encode_npy_dict(std::span<ArrayToWrite const> arrays);

}  // namespace seplflow
