// COCO's instances: the objects of a whole data set in one JSON file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/classes.hpp"
#include "data/image_labels.hpp"
#include "data/label_map.hpp"
#include "formats/file.hpp"
#include "formats/json/coco_index.hpp"

namespace seplflow {

// {"images": [{"id", "file_name", "height", "width"}], "annotations": [{"id", "image_id",
// "category_id", "iscrowd", "segmentation"}], "categories": [{"id", "name"}]}, in any order, other
// fields ignored.
//
// The file is read once, when it is opened, in a window; what stays in memory is the table of
// images and, of each annotation, its place in the file and its class (24 bytes). Outlines are read
// again, image by image, when they are asked for. Immutable; safe to use from several threads.
class CocoInstances {
 public:
  // Throws Error, naming the file, the record and what was expected, when the file is no such
  // JSON or is cut off, a list or a field is missing or of another kind, an id comes twice, an
  // image has no size or a file name that leaves its folder, a category has no name or another's,
  // there are more than 254, and for an annotation of an image or a category that is not listed.
  explicit CocoInstances(std::filesystem::path const& path);

  // In the order of the file.
  std::span<CocoImage const> images() const { return index_.images; }

  // "background" and the names of the categories by ascending id: of COCO 2014 those of
  // coco14_classes().
  ClassesPtr const& classes() const { return index_.classes; }

  // The classes of the annotations of images()[image], crowds included.
  ImageLabels image_labels(std::size_t image) const;

  // The classes of the pixels of images()[image], as pycocotools has them: each annotation that is
  // no crowd gives its pixels its class, in the order of the file, the later over the earlier; the
  // rest is background, and no pixel is 255. Reads the annotations of the image alone, O(their
  // bytes). Throws Error, naming the annotation, when its outline is wrong (read_segmentation,
  // mask_of), an RLE has another size than its image, or the file has changed.
  LabelMap truth(std::size_t image) const;

 private:
  std::span<CocoAnnotation const> annotations_of(CocoImage const& image) const;

  InputFile file_;
  std::string name_;
  CocoIndex index_;
};

}  // namespace seplflow
