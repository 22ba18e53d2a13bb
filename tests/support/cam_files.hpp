// CAM files as the methods write them, small and by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/pickle_bytes.hpp"

namespace cam_files {

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

// Pickled numpy arrays.
inline std::string floats(Shape const& shape, Floats const& values) {
  return pickle_bytes::array(pickle_bytes::dtype("f4"), shape, pickle_bytes::packed(values));
}
inline Floats const kTwoValues = {0.1F, 0.2F, 0.3F, 0.4F};
inline std::string const kTwo = floats({2, 1, 2}, kTwoValues);
inline std::string const kMap = floats({1, 2}, {0.1F, 0.2F});
inline std::string const kOther = floats({1, 2}, {0.3F, 0.4F});
inline std::string doubles(Shape const& shape, std::vector<double> const& values) {
  return pickle_bytes::array(pickle_bytes::dtype("f8"), shape, pickle_bytes::packed(values));
}
// Of float16, by their bits.
inline std::string halves(Shape const& shape, std::vector<std::uint16_t> const& bits) {
  return pickle_bytes::array(pickle_bytes::dtype("f2"), shape, pickle_bytes::packed(bits));
}
inline std::string integers(std::vector<std::int64_t> const& values) {
  return pickle_bytes::array(pickle_bytes::dtype("i8"), {static_cast<std::int64_t>(values.size())},
                             pickle_bytes::packed(values));
}

// {"keys": keys, field: array, ...}
inline std::string with_keys(std::vector<std::int64_t> const& keys,
                             std::vector<std::pair<std::string, std::string>> const& fields) {
  std::string entries = pickle_bytes::text("keys") + integers(keys);
  for (auto const& [name, array] : fields) entries += pickle_bytes::text(name) + array;
  return pickle_bytes::dict(entries);
}

// {number: array, ...}
inline std::string by_number(std::vector<std::pair<std::int64_t, std::string>> const& maps) {
  std::string entries;
  for (auto const& [number, array] : maps) entries += pickle_bytes::integer(number) + array;
  return pickle_bytes::dict(entries);
}

// numpy.save of an object, and of a float32 array.
inline std::string npy(std::string const& object) {
  return pickle_bytes::npy_of_object(object);
}
inline std::string npy_of_floats(std::string const& shape, Floats const& values) {
  return pickle_bytes::npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }",
                           pickle_bytes::packed(values));
}

}  // namespace cam_files
