// What a method's CAM file holds, and where: the dialects of IRN, PSA and their descendants.
#pragma once

#include <optional>
#include <seplflow.hpp>
#include <string>
#include <vector>

#include "common/cam_methods.hpp"
#include "data/classes.hpp"
#include "formats/pickle.hpp"

namespace seplflow::cam {

enum class Keys {
  zero_based,  // 0 is the first class in the foreground, label 1
  label_ids,   // 0 is background
};

enum class Background {
  implicit,  // has no map: a threshold stands for it
  in_band,   // has a map of its own
};

// How files are to be read, as far as the pipeline says; the rest follows from what a file holds,
// where that is certain.
struct Dialect {
  std::optional<CamMethod> method;
  std::optional<std::string> field;
  std::optional<Keys> keys;
  std::optional<Background> background;

  // Refuses what contradicts itself.
  void check(OptionCheck& check) const;
};

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
