// What a method's CAM file holds, and where.
#pragma once

#include <optional>
#include <seplflow.hpp>
#include <string>
#include <vector>

#include "data/classes.hpp"
#include "dialect.hpp"
#include "formats/numpy/pickle.hpp"

namespace seplflow::cam {

// The maps of a file. Arrays are views of it.
struct FoundMaps {
  std::vector<Label> classes;  // by label; class 0 where background has a map
  std::vector<Array> maps;   // of each class: floating-point, 2 axes (height, width), equal shapes
  std::optional<Size> size;  // of the maps; also of a file with none that says it nevertheless
  bool may_be_strided = false;  // whether they may be smaller than the image
};

// Finds the maps in what `file` holds, which is one of
//
// - {"keys": numbers, FIELD: array (K, H, W)}: IRN, CLIMS, RIB, CLIP-ES, SIPE, PuzzleCAM, RecurSeed
// - {number: array (H, W), ...}: PSA, SEAM, TransCAM, PPC, EPS, L2G
// - array (C, H, W): PPC
//
// Classes come in the order of "keys", else ascending. Labels are checked against `classes`, where
// that is not null. Throws Error, naming the file, when it holds something else, says what it looks
// like where the method is another one, and which option decides where it is ambiguous.
FoundMaps find_maps(PickleValue const& root, Dialect const& dialect, Classes const* classes,
                    std::string const& file);

}  // namespace seplflow::cam
