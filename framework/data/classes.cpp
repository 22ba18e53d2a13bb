#include <seplflow/classes.hpp>

#include <algorithm>
#include <set>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Names between commas.
ClassesPtr classes_named(std::string_view names) {
  std::vector<std::string> each;
  for (std::size_t begin = 0; begin <= names.size();) {
    std::size_t const end = std::min(names.find(',', begin), names.size());
    each.emplace_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return std::make_shared<Classes const>(std::move(each));
}

// For labels of COCO that are the ids of its categories.
std::string numbering_hint(std::size_t classes, std::size_t label) {
  constexpr std::size_t kCocoClasses = 81, kHighestId = 90;
  if (classes != kCocoClasses || label > kHighestId) return "";
  return "; COCO's category ids go from 1 to 90, but the labels from 1 to 80, in the order of the "
         "ids";
}

// Where the label is in the order of the labels, or would be.
auto place_of(std::vector<Colours::Entry> const& entries, Label label) {
  return std::ranges::lower_bound(entries, label, {}, &Colours::Entry::label);
}

}  // namespace

Colours::Colours(std::initializer_list<Entry> entries) {
  for (auto const& [label, colour] : entries) add(label, colour);
}

void Colours::add(Label label, Colour const& colour) {
  auto const place = place_of(entries_, label);
  if (place != entries_.end() && place->label == label) {
    throw Error("label " + std::to_string(label) + " has two colours; give each label one");
  }
  entries_.insert(place, {label, colour});
}

Colour const* Colours::find(Label label) const {
  auto const place = place_of(entries_, label);
  return place != entries_.end() && place->label == label ? &place->colour : nullptr;
}

Classes::Classes(std::vector<std::string> names, Colours colours)
    : names_(std::move(names)), colours_(std::move(colours)) {
  if (names_.empty() || names_.size() > kIgnore) {
    throw Error("a data set has 1 to 255 classes including the background, not " +
                std::to_string(names_.size()));
  }
  std::set<std::string_view> seen;
  for (std::string const& name : names_) {
    if (name.empty()) throw Error("a class has an empty name");
    if (!seen.insert(name).second) throw Error("two classes have the name \"" + name + "\"");
  }
}

std::string Classes::describe() const {
  return "0.." + std::to_string(count() - 1) + " (" + names_.front() + " to " + names_.back() + ")";
}

ClassesPtr voc12_classes() {
  return classes_named(
      "background,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,diningtable,dog,"
      "horse,motorbike,person,pottedplant,sheep,sofa,train,tvmonitor");
}

ClassesPtr coco14_classes() {
  return classes_named(
      "background,person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,"
      "fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,"
      "zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,"
      "kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,"
      "cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,"
      "donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,"
      "keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,"
      "teddy bear,hair drier,toothbrush");
}

void require_labels_in(Classes const& classes, LabelMap const& labels, std::string_view what) {
  auto const& areas = label_areas(labels);
  for (std::size_t label = classes.count(); label < kIgnore; ++label) {
    if (areas[label] == 0) continue;
    auto const pixels = labels.pixels();
    auto const place = std::ranges::find(pixels, static_cast<Label>(label)) - pixels.begin();
    std::uint32_t const width = labels.size().width;
    throw Error(std::string(what) + " holds class " + std::to_string(label) + " (first at row " +
                std::to_string(place / width) + ", column " + std::to_string(place % width) +
                "), but the classes of this data set are " + classes.describe() +
                " and 255 (ignore)" + numbering_hint(classes.count(), label));
  }
}

}  // namespace seplflow
