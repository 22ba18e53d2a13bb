// Whether maps lie on an image pixel by pixel.
#pragma once

#include <string>

#include "data/error.hpp"
#include "data/size.hpp"

namespace seplflow::cam {

// Throws Error with both sizes unless they are equal; `what` names the maps ("a.npy"), `whose` the
// other size ("the sample's image").
inline void require_map_size(Size maps, std::string const& what, Size size,
                             std::string const& whose) {
  if (maps == size) return;
  bool const transposed = maps.height == size.width && maps.width == size.height;
  throw Error(what + " is " + to_string(maps) + " (height x width) but " + whose + " is " +
              to_string(size) +
              (transposed ? "; it fits only transposed, so it was saved with width first: save it "
                            "with height first"
                          : "; are these files of this data set?"));
}

}  // namespace seplflow::cam
