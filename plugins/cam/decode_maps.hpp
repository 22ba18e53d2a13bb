// Decodes the maps of a CAM file into scores in the size of the image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "find_maps.hpp"
#include "resize.hpp"

namespace seplflow::cam {

enum class Normalize { none, max, minmax };

// What the pipeline says about maps of other sizes and scales than those of published CAMs.
struct Scaling {
  std::optional<Resize> resize;  // not set: maps have the size of the image
  bool align_corners = false;
  Normalize normalize = Normalize::none;
};

struct DecodedMaps {
  ScoreMaps scores;
  std::vector<std::string> left_out;  // the classes whose maps are NaN everywhere
};

// Scores in the precision of the file and the size of the image, or of the maps if the sample does
// not know it; the field "cam" is enlarged as the methods do it. Bytes are divided by 255. Throws
// Error, with the file, when maps do not fit the image, scores are infinite or NaN, or all maps are
// NaN; if `strict`, also for one map that is NaN everywhere.
DecodedMaps decode_maps(FoundMaps found, std::optional<Size> image, Scaling const& scaling,
                        Classes const* classes, bool strict, std::string const& file);

}  // namespace seplflow::cam
