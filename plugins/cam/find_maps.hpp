// Finds the maps in a method's CAM file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <seplflow/seplflow.hpp>

#include <seplflow/classes.hpp>
#include "dialect.hpp"

namespace seplflow::cam {

// The maps of a file. Arrays are views of the file.
struct FoundMaps {
  std::vector<Label> classes;  // by label; includes 0 if background has a map
  // For each class: 2 axes (height, width), equal shapes; floating-point, or bytes (scores times
  // 255) or bool.
  std::vector<Array> maps;
  std::optional<Size> size;  // of the maps; a file without maps may have a size too
  bool may_be_strided = false;  // whether the maps may be smaller than the image
};

// Finds the maps in the contents of `file`, which have one of the forms
//
// - {"keys": numbers, FIELD: array (K, H, W)}: IRN, CLIMS, RIB, CLIP-ES, SIPE, PuzzleCAM, RecurSeed
// - {number: array (H, W), ...}: PSA, SEAM, TransCAM, PPC, EPS, L2G
// - array (C, H, W): PPC
//
// and, unless the dialect is strict, what else has only one meaning: see Dialect::strict.
//
// Classes come in the order of "keys", or else ascending. Labels are checked against `classes`,
// unless that is null. Throws Error, with the file, when it has another form; the message says what
// the file looks like if it is one of another method, and which option decides if it is ambiguous.
FoundMaps find_maps(PickleValue const& root, Dialect const& dialect, Classes const* classes,
                    std::string const& file);

}  // namespace seplflow::cam
