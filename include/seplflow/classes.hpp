// The classes of a data set and their names.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue
using Colours = std::map<Label, Colour>;

// The names of the classes by label, "background" first: names()[k] is the name of label k. At most
// 255 (labels 0..254). Immutable.
class SEPLFLOW_API Classes {
 public:
  // Throws Error when there are no names, more than 255, an empty one, or two that are equal.
  explicit Classes(std::vector<std::string> names, Colours colours = {});

  std::size_t count() const { return names_.size(); }
  std::vector<std::string> const& names() const { return names_; }
  bool contains(Label label) const { return label < names_.size(); }

  // The colours of the labels in pictures; a label that is not in it has the colour that PASCAL VOC
  // gives to its id.
  Colours const& colours() const { return colours_; }

  // "0..20 (background to tvmonitor)"
  std::string describe() const;

 private:
  std::vector<std::string> names_;
  Colours colours_;
};

using ClassesPtr = std::shared_ptr<Classes const>;

// The 20 classes of PASCAL VOC 2012 in label order, background first.
SEPLFLOW_API ClassesPtr voc12_classes();

// The 80 classes of MS COCO 2014 in category-id order (1 person ... 80 toothbrush), background
// first.
SEPLFLOW_API ClassesPtr coco14_classes();

// Throws Error, with the position and the value, when a pixel is neither one of the classes nor
// ignore; `what` names the map ("pseudo-label a.png").
SEPLFLOW_API void require_labels_in(Classes const& classes, LabelMap const& labels, std::string_view what);

}  // namespace seplflow
