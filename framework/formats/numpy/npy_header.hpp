// The header of a .npy file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/numpy/pickle/store.hpp"

namespace seplflow {

struct NpyHeader {
  pickle::Dtype dtype;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  std::size_t bytes = 0;  // of the header; the data follow
};

// Throws Error, without the name of the file, when this is no .npy file of version 1.0, 2.0 or 3.0,
// or its header is not the dict of 'descr', 'fortran_order' and 'shape' that numpy writes.
// Where `file` is given, the bytes are its.
NpyHeader read_npy_header(std::span<std::uint8_t const> bytes, DelayedFile* file = nullptr);

}  // namespace seplflow
