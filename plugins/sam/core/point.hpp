#pragma once

namespace seplflow::sam {

// A place in an image: pixels from the left and from the top.
struct Point {
  double x = 0, y = 0;
};

}  // namespace seplflow::sam
