#include <seplflow/image_labels.hpp>

namespace seplflow {

ImageLabels image_labels_of(LabelMap const& labels) {
  auto const& areas = label_areas(labels);
  ImageLabels result;
  for (int label = 1; label < kIgnore; ++label) {
    if (areas[label] > 0) result.classes.push_back(static_cast<Label>(label));
  }
  return result;
}

}  // namespace seplflow
