// The classes of a data set and their names.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

// The colours of labels in pictures, in the order of the labels. A label has at most one.
class SEPLFLOW_API Colours {
 public:
  struct Entry {
    Label label;
    Colour colour;
    bool operator==(Entry const&) const = default;
  };

  Colours() = default;
  // In any order. Throws Error when a label occurs twice.
  Colours(std::initializer_list<Entry> entries);

  // Throws Error when the label has a colour already.
  void add(Label label, Colour const& colour);

  // Null for a label that has none.
  Colour const* find(Label label) const;
  bool empty() const { return entries_.empty(); }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  bool operator==(Colours const&) const = default;

 private:
  std::vector<Entry> entries_;
};

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
