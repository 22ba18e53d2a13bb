// The CAM files that methods are known to write.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialect.hpp"
#include "formats/numpy/pickle.hpp"

namespace seplflow::cam {

// A file {"keys": ..., FIELD: ...} of a method.
struct KnownFile {
  CamMethod method;
  char const* name;  // "a SIPE file"
  char const* field;
  Keys keys;
  std::optional<Background> background;  // not set: both occur
  bool has_strided;                      // the field "cam" holds the maps at a fourth of the size
};

constexpr char const* kKeys = "keys";
constexpr char const* kStrided = "cam";
constexpr std::uint32_t kStride = 4;

// Of the files of a method or its twins; null for the methods that write other files.
KnownFile const* known_file(CamMethod method);
// By the field that holds the scores in full size.
KnownFile const* known_file(std::string_view field);
// Whether the method writes {number: array}.
bool writes_maps_by_number(CamMethod method);

// The file that a dict with "keys" seems to be, by the fields that it has; null where it is no
// known one. Throws Error, naming the file, when the keys that decide are no numbers.
KnownFile const* recognise(PickleValue const& root, std::string const& file);
// What the file seems to be, and what a pipeline says then: "looks like a SIPE file (keys, IS_CAM;
// background in-band): method = "sipe"". Where it is no known one, what it holds.
std::string looks_like(PickleValue const& root, std::string const& file);

// The numbers of an entry "keys". Throws Error, naming the file, when it holds something else.
std::vector<std::int64_t> key_numbers(PickleValue const& keys, std::string const& file);

}  // namespace seplflow::cam
