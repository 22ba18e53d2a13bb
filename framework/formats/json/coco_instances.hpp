// COCO instances: the objects of a whole data set in one JSON file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <seplflow/classes.hpp>
#include <seplflow/image_labels.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/size.hpp>
#include <seplflow/formats/input_file.hpp>

namespace seplflow {

struct CocoImage {
  std::uint64_t id = 0;
  std::string file_name;  // "COCO_val2014_000000000139.jpg"
  Size size;
  std::size_t first_annotation = 0, annotations = 0;  // of CocoIndex::annotations
};

struct CocoAnnotation {
  std::uint64_t id = 0, offset = 0;  // position of its text in the file
  std::uint32_t length = 0;
  Label label = 0;
  bool crowd = false;
};

struct CocoCategory {
  std::uint64_t id = 0;
  std::string supercategory;      // may be empty
  std::uint64_t annotations = 0;  // how many there are
};

struct CocoIndex {
  std::vector<CocoImage> images;            // in the order of the file
  std::vector<CocoAnnotation> annotations;  // by image, those of one image in the order of the file
  ClassesPtr classes;                       // background, then the categories by ascending id
  std::vector<CocoCategory> categories;     // by ascending id
};

// {"images": [{"id", "file_name", "height", "width"}], "annotations": [{"id", "image_id",
// "category_id", "iscrowd", "segmentation"}], "categories": [{"id", "name"}]}, in any order, other
// fields ignored.
//
// The file is read once, when it is opened, through a small window. Only the table of images stays
// in memory, with the position and the class of each annotation (24 bytes). Outlines are read
// again, image by image, when they are needed. Immutable; safe to use from several threads.
class CocoInstances {
 public:
  // Throws Error, naming the file, the record and what was expected, when the file is not such JSON
  // or is truncated, a list or a field is missing or has another type, an id occurs twice, an image
  // has no size or a file name that leads out of its folder, a category has no name or the name of
  // another, there are more than 254 categories, or an annotation has an image or a category that
  // is not listed.
  explicit CocoInstances(std::filesystem::path const& path);

  // In the order of the file.
  std::span<CocoImage const> images() const { return index_.images; }

  // "background" and the names of the categories by ascending id: for COCO 2014 the same as
  // coco14_classes().
  ClassesPtr const& classes() const { return index_.classes; }

  // By ascending id: categories()[i] is class i + 1.
  std::span<CocoCategory const> categories() const { return index_.categories; }

  // The classes of the annotations of images()[image], crowds included.
  ImageLabels image_labels(std::size_t image) const;

  // The class of each pixel of images()[image], as pycocotools computes it: annotations are painted
  // in the order of the file, except for crowds; the rest is background, and no pixel is 255. Reads
  // only the annotations of this image, O(their bytes). Throws Error, naming the annotation, when
  // its outline is invalid (read_segmentation, mask_of), an RLE has another size than its image, or
  // the file has changed.
  LabelMap truth(std::size_t image) const;

 private:
  std::span<CocoAnnotation const> annotations_of(CocoImage const& image) const;

  InputFile file_;
  std::string name_;
  CocoIndex index_;
};

}  // namespace seplflow
