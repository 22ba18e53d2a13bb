// Image-level labels: the classes that an image shows, but not where.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>

#include <vector>

namespace seplflow {

// The foreground classes (1..K) that an image shows, ascending and without repeats.
struct ImageLabels {
  std::vector<Label> classes;
  bool operator==(ImageLabels const&) const = default;
};

// The foreground classes that occur in a label map.
SEPLFLOW_API ImageLabels image_labels_of(LabelMap const& labels);

}  // namespace seplflow
