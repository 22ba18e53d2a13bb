// The tags of an image: which classes it shows, and nothing about where.
#pragma once

#include <vector>

#include "data/label_map.hpp"

namespace seplflow {

// The foreground classes (1..K) that an image shows, ascending and without repeats.
struct ImageLabels {
  std::vector<Label> classes;
  bool operator==(ImageLabels const&) const = default;
};

// The foreground classes that occur in a label map; ignore pixels count for none.
ImageLabels image_labels_of(LabelMap const& labels);

}  // namespace seplflow
